import { expect, it } from 'vitest'
import { executorsFor } from './executors.ts'

it.each<[cores: number, conf: Record<string, string>, instances: number, each: number]>([
  [1, {}, 1, 1],
  [2, {}, 2, 1],
  [3, {}, 3, 1],
  [6, {}, 2, 3],
  [7, {}, 7, 1],
  [8, {}, 2, 4],
  [12, {}, 3, 4],
  [6, { 'spark.executor.cores': '2' }, 3, 2],
  [5, { 'spark.executor.cores': '2' }, 3, 2],
  [6, { 'spark.executor.instances': '1' }, 1, 6],
  [6, { 'spark.executor.instances': '5', 'spark.executor.cores': '3' }, 5, 3],
])('%i cores, %j: %i executors of %i', (cores, conf, instances, each) => {
  expect(executorsFor({ cores, conf })).toEqual({ instances, cores: each })
})
