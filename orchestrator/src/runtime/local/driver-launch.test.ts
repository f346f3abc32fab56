import { delimiter } from 'node:path'
import { expect, it } from 'vitest'
import { driverLaunch } from './driver-launch.ts'

const spark = { python: '/venv/bin/python', sparkHome: '/spark', ivyJar: async () => '/ivy.jar' }
const folders = { scratch: '/run/spark', modules: '/storage/rendered' }

it.each([
  ['nothing', {}, '/storage/rendered'],
  ['an empty PYTHONPATH', { PYTHONPATH: '' }, '/storage/rendered'],
  ['a PYTHONPATH', { PYTHONPATH: '/theirs' }, `/storage/rendered${delimiter}/theirs`],
])("puts the job's package before what the user's environment has: %s", (_, env, expected) => {
  expect(driverLaunch(env, spark, [], folders).env).toMatchObject({
    PYTHONPATH: expected,
    SPARK_LOCAL_DIRS: '/run/spark',
  })
})
