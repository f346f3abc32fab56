import { delimiter } from 'node:path'
import { expect, it } from 'vitest'
import { driverLaunch } from './driver-launch.ts'

const spark = { python: '/venv/bin/python', sparkHome: '/spark', ivyJar: async () => '/ivy.jar' }
const folders = { scratch: '/run/spark', modules: '/storage/rendered' }

it.each([
  ['not set', {}, '/storage/rendered'],
  ['empty', { PYTHONPATH: '' }, '/storage/rendered'],
  ['set', { PYTHONPATH: '/theirs' }, `/storage/rendered${delimiter}/theirs`],
])("puts the job's package before the user's PYTHONPATH: %s", (_, env, expected) => {
  expect(driverLaunch(env, spark, [], folders).env).toMatchObject({
    PYTHONPATH: expected,
    SPARK_LOCAL_DIRS: '/run/spark',
  })
})
