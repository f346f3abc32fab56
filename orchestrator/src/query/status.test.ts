import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import { FakeBroker } from '../kafka/broker.fixture.ts'
import { at, driverIn, FakeRuntime } from '../runtime/runtime.fixture.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import { type StoragePaths, storagePaths } from '../storage/paths.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { obstacleOf } from './health.ts'
import { stackStatus } from './status.ts'
import { statusLines } from './status-lines.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

const QUERY: SubmittedQuery = { trigger: 'micro-batch', reason: 'r', checkpointIntervalMs: 60_000 }
const progress = (second: number, batch: number, endOffsets: string) =>
  `${at(second)} progress batch=${batch} end_offsets=${endOffsets}`
const { signal } = new AbortController()

const statusOf = async (runtime: FakeRuntime, storage?: StoragePaths) =>
  stackStatus({ runtime, storage: storage ?? (await newStorage()), config: await configWith([]) }, signal, 50)

async function newStorage(): Promise<StoragePaths> {
  return storagePaths(await newFolder())
}

describe('stackStatus', () => {
  it.each<[DriverStatus['state'], { hasUi: boolean; hasError: boolean }]>([
    ['starting', { hasUi: false, hasError: true }],
    ['running', { hasUi: true, hasError: false }],
    ['backing-off', { hasUi: false, hasError: true }],
    ['gave-up', { hasUi: false, hasError: true }],
    ['failed', { hasUi: false, hasError: true }],
    ['stopped', { hasUi: false, hasError: true }],
    ['orphaned', { hasUi: true, hasError: false }],
    ['lost', { hasUi: false, hasError: true }],
  ])('of a driver that is %s: %j', async (state, { hasUi, hasError }) => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn(state)
    runtime.logLines.driver = [`${at(1)} failed message=first`, `${at(2)} failed message=last`]
    const status = await statusOf(runtime)
    expect(status).toMatchObject({
      driver: { state },
      sparkUi: hasUi ? runtime.sparkUi : undefined,
      lastError: hasError ? 'last' : undefined,
    })
  })

  it('names runtime, parts and storage of a stack that is down', async () => {
    const runtime = new FakeRuntime('docker')
    runtime.partsNow = [{ part: 'kafka', state: 'stopped' }]
    const storage = await newStorage()
    expect(await statusOf(runtime, storage)).toEqual({
      runtime: 'docker',
      parts: [{ part: 'kafka', state: 'stopped' }],
      driver: undefined,
      query: undefined,
      detector: undefined,
      progress: undefined,
      unread: undefined,
      secondsSinceProgress: undefined,
      stall: undefined,
      problems: [
        { code: 'KAFKA_UNREACHABLE', text: 'kafka is stopped' },
        { code: 'QUERY_FAILED', text: 'no job runs' },
      ],
      lastError: undefined,
      remarks: [],
      sparkUi: undefined,
      storage: storage.root,
    })
  })

  it.each([
    ['with a driver', driverIn('running'), QUERY],
    ['without one', undefined, undefined],
  ])('shows how the job was submitted only %s', async (_, driver, query) => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driver
    const storage = await newStorage()
    await submittedFile(storage).write(QUERY)
    expect(await statusOf(runtime, storage)).toMatchObject({ query })
  })

  it('names a backlog of which samples are late', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    runtime.logLines.driver = [`${at(1)} catch_up_limited spread_ms=60000 possible_ms=1000 late_at_most=7`]
    expect((await statusOf(runtime)).remarks).toEqual([expect.stringContaining('up to 7 samples')])
  })

  it('works even if the log cannot be read', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    runtime.logFailure = new Error('EACCES: permission denied')
    const status = await statusOf(runtime)
    expect(status).toMatchObject({ driver: { state: 'running' }, progress: undefined })
  })

  it('shows no progress of a checkpoint that was set aside', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    runtime.logLines.driver = [progress(1, 7, '0:70'), `${at(2)} started resumed_from_batch=`]
    const storage = await newStorage()
    expect(await statusOf(runtime, storage)).toMatchObject({ progress: undefined })
    runtime.logLines.driver.push(progress(3, 0, '0:5'))
    expect(await statusOf(runtime, storage)).toMatchObject({ progress: { batch: 0 } })
  })

  it('shows nothing of a query whose data were removed, nor of one before its checkpoint', async () => {
    const runtime = new FakeRuntime()
    runtime.logLines.driver = [progress(1, 7, '0:70'), `${at(2)} failed message=old`]
    const storage = await newStorage()
    const nothing = { progress: undefined, lastError: undefined }
    expect(await statusOf(runtime, storage)).toMatchObject(nothing)
    await submittedFile(storage).write({ ...QUERY, since: at(3) })
    expect(await statusOf(runtime, storage)).toMatchObject(nothing)
    await submittedFile(storage).write({ ...QUERY, since: at(0) })
    expect(await statusOf(runtime, storage)).toMatchObject({ progress: { batch: 7 } })
  })

  it('shows the progress of a restored checkpoint, not of the batches after its backup', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('starting')
    runtime.logLines.driver = [
      progress(1, 4, '0:40'),
      progress(2, 5, '0:50'),
      `${at(3)} started resumed_from_batch=4`,
    ]
    expect(await statusOf(runtime)).toMatchObject({ progress: { batch: 4, endOffsets: { 0: 40 } } })
  })

  it('shows the error of an earlier attempt, but not of an earlier submit', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('starting')
    const attempt = (second: number, number: number) =>
      `${at(second)} supervisor state="starting" attempt=${number}`
    runtime.logLines.driver = [attempt(1, 1), `${at(2)} failed message=old`, attempt(3, 1)]
    expect(await statusOf(runtime)).toMatchObject({ lastError: undefined })
    runtime.logLines.driver.push(`${at(4)} failed message=new`, attempt(5, 2))
    expect(await statusOf(runtime)).toMatchObject({ lastError: 'new' })
  })

  it.each([
    ['stopped', expect.stringMatching(/no executor.*cpu-anomaly up/)],
    ['running', undefined],
  ] as const)('says why a job does not get on if its only worker is %s', async (state, problem) => {
    const runtime = new FakeRuntime('docker')
    runtime.partsNow = [
      { part: 'spark-master', state: 'running' },
      { part: 'spark-worker', state },
    ]
    for (const driver of [driverIn('starting'), driverIn('running')]) {
      runtime.driverNow = driver
      const status = await statusOf(runtime)
      expect(obstacleOf(status)).toEqual(problem)
      if (problem) expect(statusLines(status).join('\n')).toContain('no executor')
    }
  })
})

describe('the records that stackStatus counts as unread', () => {
  const NOW = Date.parse(at(100))
  const lines = [`${at(1)} progress batch=3 end_offsets=0:1,1:1`]

  /** Three records: one that batch 3 has read, one of the time that is given, one of now. */
  async function withRecords(timestampMs: number, state: DriverStatus['state'] = 'running') {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW })
    onTestFinished(() => void vi.useRealTimers())
    const broker = new FakeBroker().createTopic('cpu-usage', 2)
    broker.append('cpu-usage', { value: 'a', timestampMs: 0 }, { value: 'b', timestampMs }, { value: 'c' })
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn(state)
    runtime.logLines.driver = [...lines]
    return { broker, runtime }
  }

  it.each(['running', 'stopped'] as const)(
    'are those in the topic now, of a job that is %s',
    async (state) => {
      const { runtime } = await withRecords(NOW, state)
      expect(await statusOf(runtime)).toMatchObject({ unread: 2, secondsSinceProgress: 99, stall: undefined })
    },
  )

  it('are a stall of a running job if they wait for long', async () => {
    const { runtime } = await withRecords(NOW - 31_000)
    const status = await statusOf(runtime)
    expect(status.stall).toEqual({ seconds: 99, unread: 2 })
    expect(status.problems).toEqual([
      { code: 'QUERY_FAILED', text: 'no progress for 99 s, although 2 records are unread' },
    ])
  })

  it('are not a stall if they have only become readable now', async () => {
    const { runtime } = await withRecords(NOW - 31_000)
    let reads = 0
    const { logs } = runtime
    runtime.logs = (...args) => {
      if (++reads === 2) runtime.logLines.driver?.push(progress(100, 4, '0:3'))
      return logs.apply(runtime, args)
    }
    expect(await statusOf(runtime)).toMatchObject({ stall: undefined, problems: [] })
  })

  it('are a stall of a job that has not committed anything either', async () => {
    const { runtime } = await withRecords(NOW - 31_000)
    runtime.logLines.driver = []
    expect((await statusOf(runtime)).stall).toEqual({ seconds: 100, unread: 3 })
  })

  it.each([at(-50), at(80)])('are no stall of a job that only runs since %s', async (progressTime) => {
    const { runtime } = await withRecords(NOW - 60_000)
    runtime.driverNow = driverIn('running', { startedAt: at(20), since: at(75) })
    runtime.logLines.driver = [`${progressTime} progress batch=3 end_offsets=0:1,1:1`]
    expect(await statusOf(runtime)).toMatchObject({ unread: 2, stall: undefined, problems: [] })
  })

  it('are no stall while the job is starting', async () => {
    const { runtime } = await withRecords(NOW - 60_000, 'starting')
    expect(await statusOf(runtime)).toMatchObject({
      stall: undefined,
      problems: [{ code: 'QUERY_FAILED', text: 'the job is starting' }],
    })
  })

  it('are unknown while a job has gone on from an earlier commit and its log no longer says which', async () => {
    const { runtime } = await withRecords(NOW)
    runtime.logLines.driver = [`${at(1)} started resumed_from_batch=3`]
    expect(await statusOf(runtime)).toMatchObject({ unread: undefined })
    runtime.logLines.driver = [`${at(1)} started resumed_from_batch=`]
    expect(await statusOf(runtime)).toMatchObject({ unread: 3 })
  })

  it('are neither unread nor a stall if only offsets without records are left', async () => {
    const { runtime, broker } = await withRecords(NOW - 31_000)
    broker.remove('cpu-usage', { offsets: [1n, 2n] })
    expect(await statusOf(runtime)).toMatchObject({ unread: 0, stall: undefined })
  })

  it('are none in real-time mode while its interval lasts', async () => {
    const { runtime } = await withRecords(NOW - 31_000)
    const storage = await newStorage()
    await submittedFile(storage).write({ ...QUERY, trigger: 'real-time', checkpointIntervalMs: 80_000 })
    expect(await statusOf(runtime, storage)).toMatchObject({ unread: 2, stall: undefined })
  })

  it('are unknown while the broker does not answer', async () => {
    const { runtime, broker } = await withRecords(NOW - 31_000)
    broker.isUp = false
    expect(await statusOf(runtime)).toMatchObject({ unread: undefined, stall: undefined })
  })
})
