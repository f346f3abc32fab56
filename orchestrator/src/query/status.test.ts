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
    await submittedFile(storage, 'local').write(QUERY)
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
    const old = [progress(1, 7, '0:70'), `${at(2)} failed message=old`]
    runtime.logLines.driver = [...old]
    const storage = await newStorage()
    const nothing = { progress: undefined, lastError: undefined }
    expect(await statusOf(runtime, storage)).toMatchObject(nothing)
    await submittedFile(storage, 'local').write(QUERY)
    expect(await statusOf(runtime, storage)).toMatchObject({ progress: { batch: 7 } })
    runtime.logLines.driver.push(`${at(3)} supervisor state="starting" attempt=1 resumed_from_batch=""`)
    expect(await statusOf(runtime, storage)).toMatchObject(nothing)
  })

  it('shows the newest batch after the clock was set back', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    const storage = await newStorage()
    await submittedFile(storage, 'local').write(QUERY)
    runtime.logLines.driver = [
      `${at(3_600)} supervisor state="starting" attempt=1 resumed_from_batch=""`,
      `${at(3_601)} started resumed_from_batch=`,
      progress(3_602, 3, '0:30'),
      `${at(2)} started resumed_from_batch=3`,
      progress(3, 6, '0:60'),
    ]
    expect(await statusOf(runtime, storage)).toMatchObject({ progress: { batch: 6 } })
  })

  it('does not know how old a batch of the future is', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    const later = new Date(Date.now() + 3_600_000).toISOString()
    runtime.logLines.driver = [`${later} progress batch=3 end_offsets=0:1`]
    const status = await statusOf(runtime)
    expect(status).toMatchObject({ progress: { batch: 3 }, secondsSinceProgress: undefined })
    expect(statusLines(status).join('\n')).not.toContain('s ago')
  })

  it('shows the job of this runtime, not that of the other one in the same folder', async () => {
    const storage = await newStorage()
    await submittedFile(storage, 'docker').write({ ...QUERY, reason: 'of docker' })
    await submittedFile(storage, 'local').write({ ...QUERY, reason: 'of local' })
    for (const name of ['local', 'docker'] as const) {
      const runtime = new FakeRuntime(name)
      runtime.driverNow = driverIn('running')
      expect(await statusOf(runtime, storage)).toMatchObject({ query: { reason: `of ${name}` } })
    }
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
  const lines = [`${at(1)} progress batch=3 end_offsets=0:1,1:0`]

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
    runtime.logLines.driver = [`${progressTime} progress batch=3 end_offsets=0:1,1:0`]
    expect(await statusOf(runtime)).toMatchObject({ unread: 2, stall: undefined, problems: [] })
  })

  it('are no stall while the job is starting', async () => {
    const { runtime } = await withRecords(NOW - 60_000, 'starting')
    expect(await statusOf(runtime)).toMatchObject({
      stall: undefined,
      problems: [{ code: 'QUERY_FAILED', text: 'the job is starting' }],
    })
  })

  it('are unknown while it is not known where a job has gone on', async () => {
    const { runtime } = await withRecords(NOW)
    runtime.logLines.driver = [`${at(1)} started resumed_from_batch=3`]
    runtime.checkpoint.isCommitted = true
    expect(await statusOf(runtime)).toMatchObject({ unread: undefined })
    runtime.checkpoint.isCommitted = false
    expect(await statusOf(runtime)).toMatchObject({ unread: 3 })
  })

  /** The checkpoint has committed batch 4, which has read all three records. */
  async function withCheckpoint(timestampMs: number) {
    const all = await withRecords(timestampMs)
    const { files } = all.runtime.checkpoint
    files.set('cpu-anomaly-ledger.json', '{"batch":4,"read":3,"dead_lettered":1,"late":2}')
    files.set('offsets/4', 'v1\n{"batchWatermarkMs":0}\n{"cpu-usage":{"0":3,"1":0}}')
    files.set('commits/4', 'v1')
    return all
  }

  it.each([
    ['a driver was killed before it logged them', [...lines, `${at(2)} started resumed_from_batch=4`]],
    ['the log was just rotated', []],
    ['a new container continues', [`${at(2)} started resumed_from_batch=4`]],
  ])('are those after the last commit, also if %s', async (_, log) => {
    const { runtime } = await withCheckpoint(NOW - 60_000)
    runtime.logLines.driver = [...log]
    const status = await statusOf(runtime)
    expect(status).toMatchObject({
      unread: 0,
      problems: [],
      progress: { batch: 4, read: 3, deadLettered: 1, late: 2, endOffsets: { 0: 3, 1: 0 }, time: undefined },
    })
    const text = statusLines(status).join('\n')
    expect(text).toMatch(
      /batch 4, as the checkpoint says\n.*unread 0, watermark none yet\n.*read 3, .*late 2/,
    )
  })

  it('are shown although the log has nothing of the running driver but its batch', async () => {
    const { runtime } = await withCheckpoint(NOW - 60_000)
    runtime.logLines.driver = [`${at(2)} started resumed_from_batch=3`, progress(3, 4, '0:3,1:0')]
    expect(await statusOf(runtime)).toMatchObject({ progress: { batch: 4, time: at(3) } })
  })

  it('are not known if the topic ends before the position of the job: it is another one', async () => {
    const { runtime } = await withRecords(NOW)
    runtime.driverNow = undefined
    const storage = await newStorage()
    await submittedFile(storage, 'local').write(QUERY)
    runtime.logLines.driver = [progress(1, 3, '0:1000')]
    const status = await statusOf(runtime, storage)
    expect(status).toMatchObject({
      unread: undefined,
      remarks: [expect.stringMatching(/^cpu-usage ends before .*created again, or has lost records/)],
    })
    expect(statusLines(status).join('\n')).toContain('unread unknown')
  })

  it('are a stall also if their times and that of the last commit are ahead, since the clock was set back', async () => {
    const { runtime } = await withRecords(NOW + 3_000_000)
    runtime.driverNow = driverIn('running', { startedAt: at(40), since: at(40) })
    runtime.logLines.driver = [progress(3_600, 3, '0:1,1:0')]
    expect((await statusOf(runtime)).stall).toEqual({ seconds: 60, unread: 2 })
  })

  it('are not a stall while the trigger interval lasts', async () => {
    const { runtime } = await withRecords(NOW - 60_000)
    const slow = { config: await configWith(['TRIGGER_INTERVAL=70 seconds']), storage: await newStorage() }
    expect(await stackStatus({ runtime, ...slow }, signal, 50)).toMatchObject({ stall: undefined })
    expect((await statusOf(runtime)).stall).toBeDefined()
  })

  it('are neither unread nor a stall if only offsets without records are left', async () => {
    const { runtime, broker } = await withRecords(NOW - 31_000)
    broker.remove('cpu-usage', { offsets: [1n, 2n] })
    expect(await statusOf(runtime)).toMatchObject({ unread: 0, stall: undefined })
  })

  it('are none in real-time mode while its interval lasts', async () => {
    const { runtime } = await withRecords(NOW - 31_000)
    const storage = await newStorage()
    await submittedFile(storage, 'local').write({
      ...QUERY,
      trigger: 'real-time',
      checkpointIntervalMs: 80_000,
    })
    expect(await statusOf(runtime, storage)).toMatchObject({ unread: 2, stall: undefined })
  })

  it('are unknown while the broker does not answer', async () => {
    const { runtime, broker } = await withRecords(NOW - 31_000)
    broker.isUp = false
    expect(await statusOf(runtime)).toMatchObject({ unread: undefined, stall: undefined })
  })
})
