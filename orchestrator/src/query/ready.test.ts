import { beforeEach, describe, expect, it, vi } from 'vitest'
import { at, driverIn, FakeRuntime } from '../runtime/runtime.fixture.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { awaitReady } from './ready.ts'
import type { SubmittedQuery } from './submitted.ts'

vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const MICRO_BATCH: SubmittedQuery = { trigger: 'micro-batch', reason: 'r', checkpointIntervalMs: 60_000 }
const REAL_TIME: SubmittedQuery = { ...MICRO_BATCH, trigger: 'real-time' }

let runtime: FakeRuntime
let updates: string[]

beforeEach(() => {
  useVirtualTime()
  runtime = new FakeRuntime()
  runtime.driverNow = driverIn('running')
  updates = []
})

const waiting = (query = MICRO_BATCH, signal = new AbortController().signal) =>
  awaitReady(runtime, query, { timeoutMs: 60_000, signal, update: (detail) => updates.push(detail) })

describe('awaitReady', () => {
  it('names the batch that was committed and the address of the UI', async () => {
    runtime.logLines.driver = [`${at(1)} started ui=http://localhost:4040`, `${at(2)} ready batch=7`]
    expect(await waiting()).toMatch(/\b7\b.*http:\/\/localhost:4040/)
  })

  it('names the checkpoint interval in real-time mode', async () => {
    runtime.logLines.driver = [`${at(2)} ready`]
    const text = await waiting({ ...REAL_TIME, checkpointIntervalMs: 90_500 })
    expect(text).toMatch(/real-time.*\b90\.5 s/)
  })

  it('is not confused by a clock that was set back during the start', async () => {
    runtime.driverNow = driverIn('running', { startedAt: at(30) })
    runtime.logLines.driver = [
      `${at(1)} ready batch=6`,
      `${at(30)} supervisor state=starting`,
      `${at(12)} ready batch=7`,
    ]
    expect(await waiting()).toContain('batch 7')
  })

  it('does not report the error of an attempt before the clock was set back', async () => {
    runtime.driverNow = driverIn('gave-up', { startedAt: at(10), reason: 'exit code 134' })
    runtime.logLines.driver = [
      `${at(50)} supervisor state="starting" attempt=1`,
      `${at(55)} failed message="7 records were removed"`,
      `${at(10)} supervisor state="starting" attempt=1`,
      `${at(11)} supervisor state="gave-up"`,
    ]
    await expect(waiting()).rejects.toMatchObject({ message: expect.stringContaining('exit code 134') })
  })

  it('shows that a backlog is read for its times', async () => {
    const lines = ['started', 'catch_up_reading records=9000000', 'catch_up records=9', 'ready batch=0']
    runtime.onDriverRead = (reads) => runtime.logLines.driver.push(`${at(reads)} ${lines[reads - 1]}`)
    await waiting()
    expect(updates).toEqual([
      'the query is starting',
      expect.stringMatching(/reads the times of all 9,000,000 unread records first/),
      'the query is starting',
    ])
  })

  it.each(['starting', 'running', 'backing-off', 'orphaned'] as const)(
    'continues to wait while the driver is %s, and shows progress',
    async (state) => {
      runtime.driverNow = driverIn(state, { reason: 'exit code 1' })
      runtime.onDriverRead = (reads) => {
        if (reads < 3) return
        runtime.driverNow = driverIn('running')
        runtime.logLines.driver.push(`${at(9)} ready batch=0`)
      }
      await waiting()
      expect(updates).toHaveLength(2)
    },
  )

  it('waits until the supervisor knows that the driver is ready, so that the next status says so', async () => {
    runtime.driverNow = driverIn('starting')
    runtime.logLines.driver = [`${at(2)} ready batch=0`]
    runtime.onDriverRead = (reads) => {
      if (reads === 3) runtime.driverNow = driverIn('running')
    }
    await waiting()
    expect(updates).toHaveLength(2)
  })

  it.each([
    ['the driver is starting', driverIn('starting'), [], /driver is starting/],
    ['the query is starting', driverIn('starting'), [`${at(1)} started ui=`], /query is starting/],
    ['an attempt failed', driverIn('backing-off', { reason: 'exit code 9' }), [], /exit code 9/],
  ])('shows that %s', async (_, driver, lines, expected) => {
    runtime.driverNow = driver
    runtime.logLines.driver = [...lines]
    await expect(waiting()).rejects.toThrow()
    expect(updates.at(-1)).toMatch(expected)
  })

  it('ignores the events of an earlier attempt', async () => {
    runtime.driverNow = driverIn('running', { startedAt: at(10) })
    runtime.logLines.driver = [
      `${at(2)} ready batch=7`,
      `${at(9)} failed message=old`,
      `${at(10)} supervisor state="starting" attempt=2`,
    ]
    await expect(waiting()).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    runtime.logLines.driver.push(`${at(10)} ready batch=8`)
    expect(await waiting()).toMatch(/\b8\b/)
  })

  it('finds the event before the thousands of anomalies that batches may log', async () => {
    const anomalies = Array.from({ length: 2_000 }, () => `${at(3)} anomaly status=WARN`)
    runtime.logLines.driver = [`${at(2)} ready batch=0`, ...anomalies]
    await waiting()
  })

  it.each<[string, DriverStatus | undefined]>([
    ['gave up', driverIn('gave-up')],
    ['failed', driverIn('failed')],
    ['was stopped', driverIn('stopped')],
    ['was killed with its supervisor', driverIn('lost')],
    ['is gone', undefined],
  ])('fails at once when the driver %s', async (_, driver) => {
    runtime.driverNow = driver
    await expect(waiting()).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(updates).toEqual([])
  })

  it.each([
    [2, 'CONFIGURATION'],
    [3, 'DATA_LOSS'],
    [4, 'KAFKA_REFUSED'],
    [5, 'CHECKPOINT_CONFLICT'],
    [7, 'QUERY_FAILED'],
    [1, 'QUERY_FAILED'],
    [undefined, 'QUERY_FAILED'],
  ])('maps exit code %s of a driver to %s', async (exitCode, code) => {
    runtime.driverNow = driverIn('failed', exitCode === undefined ? {} : { exitCode })
    await expect(waiting()).rejects.toMatchObject({ code })
  })

  it("fails with the driver's own message, without lines of the log", async () => {
    runtime.driverNow = driverIn('failed', { reason: 'exit code 7' })
    runtime.logLines.driver = [
      `${at(-5)} failed message="of an earlier attempt"`,
      `${at(0)} supervisor state="starting" attempt=2`,
      `${at(1)} failed message="no column cpu"`,
      '  at org.apache.spark.Foo',
    ]
    const error = await waiting().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ message: expect.stringContaining('no column cpu'), details: [] })
  })

  it("fails with the supervisor's reason and the last lines of the log when the driver left no message", async () => {
    runtime.driverNow = driverIn('gave-up', { reason: 'exit code 134' })
    runtime.logLines.driver = Array.from({ length: 20 }, (_, index) => `line ${index}`)
    await expect(waiting()).rejects.toMatchObject({
      message: expect.stringContaining('exit code 134'),
      details: runtime.logLines.driver.slice(-15),
    })
  })

  it.each([
    ['backing-off', /the driver failed \(no master accepted it\) and will be restarted/],
    ['starting', /the driver is starting again; it failed before: no master accepted it/],
  ] as const)("fails at the deadline with the driver's own error: %s", async (state, expected) => {
    runtime.driverNow = driverIn(state, { reason: 'exit code 7' })
    const starts = [1, 2].map((attempt) => `${at(attempt)} supervisor state="starting" attempt=${attempt}`)
    runtime.logLines.driver = starts.toSpliced(1, 0, `${at(1)} failed message="no master accepted it"`)
    await expect(waiting()).rejects.toMatchObject({ message: expect.stringMatching(expected), details: [] })
  })

  it.each([MICRO_BATCH, REAL_TIME])('fails at the deadline with the last state: %j', async (query) => {
    runtime.driverNow = driverIn('backing-off', { reason: 'exit code 9' })
    runtime.logLines.driver = ['the last line']
    const startedAt = Date.now()
    await expect(waiting(query)).rejects.toMatchObject({
      code: 'QUERY_FAILED',
      message: expect.stringContaining('exit code 9'),
      details: ['the last line'],
    })
    expect(Date.now() - startedAt).toBe(60_000)
  })

  it('ends with the reason of a signal that aborts', async () => {
    const controller = new AbortController()
    runtime.onDriverRead = () => controller.abort(new Error('interrupted by SIGINT'))
    await expect(waiting(MICRO_BATCH, controller.signal)).rejects.toThrow('interrupted by SIGINT')
  })
})
