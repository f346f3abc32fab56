import { expect, it } from 'vitest'
import { hadoopSettings } from './hadoop-settings.ts'

it("are the user's without their prefix, and else those of a command that does not wait long", () => {
  const conf = {
    'spark.hadoop.fs.s3a.secret.key': 'canary',
    'spark.hadoop.fs.s3a.retry.limit': '9',
    'spark.executor.cores': '1',
  }
  expect(hadoopSettings({ conf })).toMatchObject({
    'fs.s3a.secret.key': 'canary',
    'fs.s3a.retry.limit': '9',
    'ipc.client.connect.max.retries': '2',
    'fs.defaultFS': 'file:///',
  })
  expect(Object.keys(hadoopSettings({ conf })).join()).not.toContain('spark')
})
