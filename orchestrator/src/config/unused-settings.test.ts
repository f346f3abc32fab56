import { describe, expect, it } from 'vitest'
import { load } from './load.fixture.ts'
import { unusedFlags, unusedInMode, unusedOnRuntime, unusedSettings } from './unused-settings.ts'

const configFrom = async (env: string) => (await load({ env })).config

describe('a setting that the runtime or the mode does not use', () => {
  it.each([
    ['SPARK_WORKERS=2\nSPARK_IMAGE=apache/spark:4.3.0\n', 'local', ['SPARK_WORKERS', 'SPARK_IMAGE']],
    ['SPARK_WORKERS=2\nSPARK_IMAGE=apache/spark:4.3.0\n', 'docker', []],
    ['SPARK_WORKERS=1\n', 'local', []],
  ] as const)('is named on the runtime if it was changed: %j on %s', async (env, runtime, keys) => {
    expect(unusedOnRuntime(await configFrom(env), runtime)).toEqual(
      keys.map((key) => `${key} has no effect on the ${runtime} runtime`),
    )
  })

  it.each(['local', 'docker'] as const)('is named if brokers are given: on %s', async (runtime) => {
    const env = 'KAFKA_PORT=19093\nKAFKA_IMAGE=apache/kafka:4.3.0\n'
    const unused = unusedOnRuntime(await configFrom(`KAFKA_SERVERS=h:9092\n${env}`), runtime)
    expect(unused).toContain('KAFKA_PORT has no effect: KAFKA_SERVERS names the brokers')
    expect(unused).toHaveLength(2)
  })

  it.each([
    ['micro-batch', ['CHECKPOINT_INTERVAL']],
    ['real-time', ['TRIGGER_INTERVAL', 'KAFKA_MAX_OFFSETS_PER_TRIGGER']],
  ] as const)('is named in the mode if it was changed: %s', async (mode, keys) => {
    const env = 'CHECKPOINT_INTERVAL=10 s\nTRIGGER_INTERVAL=1 s\nKAFKA_MAX_OFFSETS_PER_TRIGGER=10\n'
    expect(unusedInMode((await configFrom(env)).resolved, mode)).toEqual(
      keys.map((key) => `${key} has no effect in ${mode} mode`),
    )
    expect(unusedInMode((await configFrom('')).resolved, mode)).toEqual([])
  })

  it.each([
    ['memory', 1],
    ['rocksdb', 0],
    ['auto', 0],
  ] as const)('is named for its state store: with %s, of RocksDB %d', async (stateStore, count) => {
    const config = await configFrom('SPARK_CONF_spark.sql.streaming.stateStore.rocksdb.maxOpenFiles=9\n')
    const lines = unusedSettings(config, undefined, { trigger: 'micro-batch', stateStore })
    expect(lines.filter((line) => /rocksdb.* has no effect on a state in memory/.test(line))).toHaveLength(
      count,
    )
  })
})

describe('a flag that the command does not use', () => {
  it.each([
    ['up', 'MIN_SAMPLES=4', '`tail`'],
    ['up', 'NORMAL_MEAN=9', '`submit` and `produce` and `tail` and `status` and `calibrate`'],
    ['submit', 'MIN_SAMPLES=4', '`tail`'],
    ['submit', 'SPARK_WORKERS=4', '`up`'],
    ['status', 'MIN_SAMPLES=4', '`tail`'],
    ['status', 'SPARK_WORKERS=4', '`up`'],
    ['status', 'INPUT_PARTITIONS=4', '`up` and `submit`'],
    ['status', 'SPARK_CONF_spark.ui.retainedJobs=9', '`submit` and `calibrate`'],
    ['tail', 'TRIGGER_INTERVAL=1 s', '`submit`'],
    ['produce', 'RESULT_RETENTION=1 day', '`up` and `submit`'],
    ['stop', 'CPU_MIN=1', '`submit` and `produce` and `tail` and `status` and `calibrate`'],
  ] as const)('is named: %s --set %s is for %s', async (command, set, users) => {
    const { resolved } = (await load({ set: [set] })).config
    const [key] = set.split('=')
    expect(unusedFlags(resolved, command)).toEqual([
      `--set ${key} has no effect on \`${command}\`: it is for ${users}`,
    ])
  })

  it.each([
    ['up', 'KAFKA_PORT=19093'],
    ['up', 'SPARK_CONF_spark.jars.ivySettings=/a.xml'],
    ['submit', 'NORMAL_MEAN=9'],
    ['submit', 'INPUT_PARTITIONS=4'],
    ['tail', 'MIN_SAMPLES=4'],
    ['produce', 'INPUT_TOPIC=x'],
    ['down', 'STORAGE_DIR=x'],
  ] as const)('is not named if the command does: %s --set %s', async (command, set) => {
    expect(unusedFlags((await load({ set: [set] })).config.resolved, command)).toEqual([])
  })

  it('is not named if it is no flag', async () => {
    expect(unusedFlags((await configFrom('MIN_SAMPLES=4\n')).resolved, 'status')).toEqual([])
  })
})
