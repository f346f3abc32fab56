import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { load } from '../config/load.fixture.ts'
import { submittedQuery } from '../query/submitted.ts'
import { storagePaths } from '../storage/paths.ts'
import { newFolder } from '../system/folder.fixture.ts'
import {
  type Applies,
  jobDifferences,
  sayDifferences,
  stackDifferences,
  withDifferences,
} from './in-force.ts'
import { recordUp, stackFile } from './record.ts'

const PLAN = {
  trigger: 'micro-batch',
  reason: '',
  shufflePartitions: 2,
  stateStore: 'memory',
  slots: 2,
} as const

const configOf = async (env: string, set: readonly string[] = []): Promise<Config> =>
  (await load({ env, set })).config

/** What is in force for a command, after `up` ran with other settings; and what is said. */
async function afterUp(
  started: Config,
  now: Config,
  { runtime = 'local', applies }: { runtime?: 'local' | 'docker'; applies?: Applies } = {},
) {
  const storage = storagePaths(await newFolder())
  await recordUp(storage, started, runtime)
  const differences = stackDifferences(now, await stackFile(storage).read(), applies)
  return { config: withDifferences(now, differences), said: differences.map(({ text }) => text) }
}

describe('the settings of a running stack', () => {
  it('are those that it was started with, although .env was edited, and the difference is said', async () => {
    const { config, said } = await afterUp(
      await configOf('KAFKA_PORT=19001\n'),
      await configOf('KAFKA_PORT=19002\n'),
    )
    expect(config.ports.kafka).toBe(19_001)
    expect(said).toEqual([expect.stringMatching(/KAFKA_PORT=19002 is not in force.*19001.*cpu-anomaly up/)])
  })

  it('are the same in another notation', async () => {
    const started = await configOf('KAFKA_PORT=19001\nNORMAL_MEAN=14.5\nWATERMARK_DELAY=10 seconds\n')
    const now = await configOf('KAFKA_PORT=019001\nNORMAL_MEAN=14.50\nWATERMARK_DELAY=10s\n')
    expect((await afterUp(started, now)).said).toEqual([])
    expect(jobDifferences(now, submittedQuery(started, PLAN), true)).toEqual([])
  })

  it('are the format that `submit` found, where the settings leave it open', async () => {
    const found = await configOf('INPUT_FORMAT=json\nINPUT_TIME=t\nINPUT_CPU=c\n')
    const now = await configOf('INPUT_FORMAT=auto\n')
    const differences = jobDifferences(now, submittedQuery(found, PLAN), true)
    expect(withDifferences(now, differences).input).toEqual(found.input)
    expect(differences.every(({ isMeant }) => isMeant)).toBe(true)
    expect(differences[0]?.text).toBe('INPUT_FORMAT=json, as `submit` found it')
    expect(jobDifferences(now, submittedQuery(found, PLAN), false)).toEqual([])
  })

  it('are those of an earlier version, which did not know a setting', async () => {
    const query = submittedQuery(await configOf(''), PLAN)
    const { INPUT_FORMAT: _, ...settings } = query.settings ?? {}
    const before = { ...query, settings }
    expect(jobDifferences(await configOf(''), before, true)).toEqual([])
    expect(jobDifferences(await configOf('INPUT_FORMAT=telegraf'), before, true)).toEqual([
      expect.objectContaining({
        key: 'INPUT_FORMAT',
        value: 'csv',
        text: expect.stringMatching(/new-checkpoint/),
      }),
    ])
  })

  it('are those of .env when `up` runs again', async () => {
    const started = await configOf('KAFKA_PORT=19001\n')
    const now = await configOf('KAFKA_PORT=19002\n')
    expect(await afterUp(started, now, { applies: 'stack' })).toEqual({ config: now, said: [] })
  })

  it.each([undefined, 'stack'] as const)(
    'include the flags of `up`, until it is down (%s)',
    async (applies) => {
      const started = await configOf('KAFKA_PORT=19001\n', ['KAFKA_PORT=19777'])
      const { config, said } = await afterUp(started, await configOf('KAFKA_PORT=19001\n'), { applies })
      expect(config.ports.kafka).toBe(19_777)
      expect(said).toEqual([expect.stringMatching(/KAFKA_PORT=19777.*cpu-anomaly down/)])
    },
  )

  it('give way to a new flag of `up`', async () => {
    const started = await configOf('', ['KAFKA_PORT=19777'])
    const now = await configOf('', ['KAFKA_PORT=19778'])
    expect((await afterUp(started, now, { applies: 'stack' })).config.ports.kafka).toBe(19_778)
  })

  it('include the login, which is not shown', async () => {
    const { config, said } = await afterUp(
      await configOf('KAFKA_USERNAME=ana\nKAFKA_PASSWORD=canary-1\n'),
      await configOf('KAFKA_USERNAME=ana\nKAFKA_PASSWORD=canary-2\n'),
    )
    expect(config.kafka.sasl).toMatchObject({ username: 'ana', password: 'canary-1' })
    expect(said.join()).toContain('KAFKA_PASSWORD')
    expect(said.join()).not.toContain('canary')
  })

  it('include the workers on Docker, and not on the local runtime', async () => {
    const [started, now] = [await configOf('', ['SPARK_WORKERS=3']), await configOf('')]
    expect((await afterUp(started, now, { runtime: 'docker' })).config.spark.workers).toBe(3)
    expect((await afterUp(started, now)).config.spark.workers).toBe(1)
  })

  it.each([
    [undefined, 'docker', 1],
    [undefined, 'auto', 0],
    [undefined, 'local', 0],
    ['stack', 'docker', 0], // refused
    ['job', 'docker', 0],
  ] as const)('include the runtime (for %s, RUNTIME=%s)', async (applies, runtime, count) => {
    const now = await configOf(`RUNTIME=${runtime}\n`)
    const { said } = await afterUp(await configOf('RUNTIME=local\n'), now, applies && { applies })
    expect(said.filter((line) => /^RUNTIME=docker is not in force.*local.*down/.test(line))).toHaveLength(
      count,
    )
  })

  it('are not remembered of a stack that is down', async () => {
    const now = await configOf('KAFKA_PORT=19002\n')
    const record = { runtime: 'local', up: false } as const
    expect(stackDifferences(now, record)).toEqual([])
    expect(withDifferences(now, [])).toBe(now)
  })
})

describe('the settings of a submitted job', () => {
  const submitted = (config: Config) => submittedQuery(config, PLAN)

  it('are those that it was submitted with, and each difference is said', async () => {
    const query = submitted(await configOf('NORMAL_MEAN=14.5\nTRIGGER_INTERVAL=1 second\n'))
    const said: string[] = []
    const now = await configOf('NORMAL_MEAN=38\nTRIGGER_INTERVAL=2 seconds\n')
    const differences = jobDifferences(now, query, true)
    const config = withDifferences(now, differences)
    sayDifferences(differences, { note: expect.fail, warn: (line) => said.push(line) })
    expect(config.detector.normalMean).toBe(14.5)
    expect(config.query.triggerIntervalMs).toBe(1_000)
    expect(said).toEqual([
      expect.stringMatching(/NORMAL_MEAN=38 is not in force.*14\.5.*stop.*submit/),
      expect.stringMatching(/TRIGGER_INTERVAL=2 seconds is not in force.*1 second/),
    ])
  })

  it('are only those of the detector once it is stopped: they explain the results', async () => {
    const query = submitted(await configOf('NORMAL_MEAN=14.5\nINPUT_TOPIC=a\n'))
    const now = await configOf('NORMAL_MEAN=38\nINPUT_TOPIC=b\n')
    const config = withDifferences(now, jobDifferences(now, query, false))
    expect(config.detector.normalMean).toBe(14.5)
    expect(config.topics.input).toBe('b')
  })

  it('include the flags of `submit`, which are meant to differ: no warning', async () => {
    const query = submitted(await configOf('', ['NORMAL_MEAN=38']))
    const notes: string[] = []
    const now = await configOf('')
    const differences = jobDifferences(now, query, true)
    sayDifferences(differences, { note: (line) => notes.push(line), warn: expect.fail })
    expect(withDifferences(now, differences).detector.normalMean).toBe(38)
    expect(notes).toEqual([expect.stringContaining('NORMAL_MEAN=38')])
  })

  it.each([
    ['that of a flag, for a command that chooses it', ['OUTPUT_TOPIC=b'], 'OUTPUT_TOPIC', 'b'],
    ['that of the job, for a command that chooses another', ['OUTPUT_TOPIC=b'], 'INPUT_TOPIC', 'a'],
    ['that of the job, for a command that chooses none', ['OUTPUT_TOPIC=b'], undefined, 'a'],
    ['that of the job, without a flag', [], 'OUTPUT_TOPIC', 'a'],
  ] as const)('include the topic: %s', async (_, set, applies, topic) => {
    const query = submitted(await configOf('OUTPUT_TOPIC=a\n'))
    const now = await configOf('OUTPUT_TOPIC=c\n', set)
    const differences = jobDifferences(now, query, true, applies)
    expect(withDifferences(now, differences).topics.output).toBe(topic)
    expect(differences).toHaveLength(topic === 'a' ? 1 : 0)
  })

  it.each([
    ['WINDOW_DURATION=1 second', '`cpu-anomaly submit --new-checkpoint` brings'],
    ['GROUP_BY=key', '`cpu-anomaly submit --new-checkpoint` brings'],
    ['NORMAL_MEAN=38', 'the next `cpu-anomaly submit` brings'],
  ])('are brought into force by what the message says: %s', async (line, way) => {
    const query = submitted(await configOf(''))
    const [difference] = jobDifferences(await configOf(`${line}\n`), query, false)
    expect(difference?.text).toContain(way)
  })

  it.each([
    ['', 'SPARK_CORES=4', 'stop` and `submit` bring'],
    ['SHUFFLE_PARTITIONS=4', '', 'stop` and `submit` bring'], // empty: as the checkpoint has it
    ['TRIGGER=micro-batch', 'TRIGGER=auto', 'stop` and `submit` bring'],
    ['TRIGGER=auto', 'TRIGGER=micro-batch', 'stop` and `submit` bring'], // which is what auto has chosen
    ['TRIGGER=auto', 'TRIGGER=real-time', 'stop` and `submit --new-checkpoint` bring'],
    [
      '',
      'SPARK_CONF_spark.sql.streaming.stateStore.compression.codec=zstd',
      'stop` and `submit --new-checkpoint` bring',
    ],
  ])('need a new checkpoint only if the old one fixes another value: %j, then %j', async (was, is, way) => {
    const query = submitted(await configOf(`${was}\n`))
    const texts = jobDifferences(await configOf(`${is}\n`), query, true).map(({ text }) => text)
    expect(texts).toEqual([expect.stringContaining(way)])
  })

  it('have no secrets', async () => {
    const config = await configOf('KAFKA_USERNAME=ana\nKAFKA_PASSWORD=canary\n')
    expect(JSON.stringify(submitted(config))).not.toContain('canary')
  })

  it('include Spark properties that were removed since', async () => {
    const query = submitted(await configOf('SPARK_CONF_spark.ui.retainedJobs=7\n'))
    expect(jobDifferences(await configOf(''), query, true)).toEqual([
      expect.objectContaining({ key: 'SPARK_CONF_spark.ui.retainedJobs', value: '7', by: 'submit' }),
    ])
  })
})
