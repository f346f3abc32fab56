import { describe, expect, it } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import { localJob } from '../runtime/runtime.fixture.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import { planQuery } from './query-plan.ts'
import { jobSettings } from './settings.ts'
import { submitArgs } from './submit-args.ts'

const environment: JobEnvironment = {
  ...localJob,
  master: 'local[2,4]',
  slots: 2,
  masterWithSlots: (slots) => `local[${slots},4]`,
}

const PROVIDER = 'spark.sql.streaming.stateStore.providerClass='

describe('planQuery', () => {
  it.each([
    [[], { trigger: 'micro-batch', stateStore: 'memory', shufflePartitions: 2, slots: 0 }],
    [['GROUP_BY=key'], { trigger: 'micro-batch', stateStore: 'rocksdb', shufflePartitions: 2 }],
    [['GROUP_BY=key', 'STATE_STORE=memory'], { trigger: 'micro-batch', stateStore: 'memory' }],
    [['STATE_STORE=rocksdb'], { trigger: 'micro-batch', stateStore: 'rocksdb' }],
    [['TRIGGER=real-time'], { trigger: 'real-time', stateStore: 'rocksdb', shufflePartitions: 1, slots: 3 }],
    [['TRIGGER=auto', 'SHUFFLE_PARTITIONS=2'], { trigger: 'real-time', shufflePartitions: 2, slots: 4 }],
    [
      ['TRIGGER=auto', 'SHUFFLE_PARTITIONS=9'],
      { trigger: 'micro-batch', stateStore: 'memory', shufflePartitions: 9, slots: 0 },
    ],
  ])('with %j', async (overrides, expected) => {
    expect(planQuery(await configWith(overrides), environment, 1)).toMatchObject(expected)
  })

  it('gives the job its trigger, and spark-submit a slot for every task and state in RocksDB', async () => {
    const config = await configWith(['TRIGGER=auto', 'CHECKPOINT_INTERVAL=5 s'])
    const plan = planQuery(config, environment, 2)
    expect(jobSettings(config, environment, plan)).toMatchObject({
      trigger: 'real-time',
      checkpoint_interval_ms: 5_000,
    })
    const args = submitArgs(config, environment, plan)
    expect(args.slice(0, 2)).toEqual(['--master', 'local[4,4]'])
    expect(args).toContain('spark.sql.shuffle.partitions=1')
    expect(args.find((arg) => arg.startsWith(PROVIDER))).toMatch(/RocksDBStateStoreProvider$/)
  })

  it('keeps a master that offers enough slots, and keeps the few windows of one series in memory', async () => {
    const config = await configWith([])
    const args = submitArgs(config, environment, planQuery(config, environment, 100))
    expect(args.slice(0, 2)).toEqual(['--master', 'local[2,4]'])
    expect(args.filter((arg) => arg.startsWith(PROVIDER))).toEqual([])
  })
})
