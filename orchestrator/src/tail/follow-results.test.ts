import { stripVTControlCharacters } from 'node:util'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { FinalWindows } from '../anomaly/final-windows.ts'
import type { Status, WindowResult } from '../anomaly/result.ts'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { submittedFile } from '../query/submitted.ts'
import type { Selected } from '../runtime/places.ts'
import { at, driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { followResults } from './follow-results.ts'
import { type FeedOptions, ResultFeed } from './result-feed.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const ANOMALIES: ReadonlySet<Status> = new Set(['WARN', 'ERROR'])

let context: TestContext
let selected: Selected

beforeEach(async () => {
  context = await testContext()
  selected = await context.select()
  context.broker.createTopic('cpu-usage').createTopic('anomaly')
  context.runtime.driverNow = driverIn('running')
  context.runtime.logLines.driver = [`${at(0)} progress batch=0 end_offsets=0:0`]
  useVirtualTime()
})

const result = (second: number, status: Status, count = 1): WindowResult => ({
  window: { start: at(second), end: at(second + 0.5) },
  mean: 20,
  stddev: null,
  count,
  status,
  score: 2,
  series: '',
  normal_mean: 14.5,
  normal_stddev: 2.7,
  normal: 'settings',
})
const append = (...results: readonly WindowResult[]) =>
  context.broker.append('anomaly', ...results.map((record) => ({ value: JSON.stringify(record) })))

const feedOf = (shows: FeedOptions['shows'], wanted = ANOMALIES) =>
  new ResultFeed({ wanted, minSamples: 1, shows }, new FinalWindows(selected.config.detector))
const changing = () => feedOf('updates')
const final = () => feedOf('final')

interface Options {
  readonly limit?: number
  readonly asJson?: boolean
}

const follow = (feed: ResultFeed, { limit, asJson = true }: Options = {}) =>
  followResults(selected, feed, {
    from: { kind: 'earliest' },
    limit,
    asJson,
    output: context.output,
    signal: context.signal,
  })

/** Calls `work` after `ms`, and ends the tail, as Ctrl-C does, `thenInterruptAfter` ms later. */
function later(ms: number, work: () => unknown, thenInterruptAfter = 0): void {
  setTimeout(() => {
    work()
    setTimeout(context.interrupt, thenInterruptAfter)
  }, ms)
}

describe('followResults', () => {
  it('prints results as JSON, up to the limit', async () => {
    append(result(1, 'WARN'), result(2, 'SAFE'), result(3, 'ERROR'), result(4, 'ERROR'))
    await follow(changing(), { limit: 2 })
    expect(context.output.results.map((line) => JSON.parse(line))).toEqual([
      result(1, 'WARN'),
      result(3, 'ERROR'),
    ])
  })

  it('prints results as text without asJson', async () => {
    append(result(1, 'WARN'))
    await follow(changing(), { limit: 1, asJson: false })
    expect(context.output.results[0]).toMatch(/WARN/)
    expect(context.output.results[0]).not.toContain('{')
  })

  it('warns of a record that is not a result, and continues', async () => {
    context.broker.append('anomaly', { value: 'not a result' })
    append(result(1, 'WARN'))
    await follow(changing(), { limit: 1 })
    expect(context.output.warnings).toEqual([expect.stringMatching(/partition 0.*offset 0/)])
    expect(context.output.results).toHaveLength(1)
  })

  it('ends without an error on Ctrl-C while it checks the input topic', async () => {
    append(result(1, 'WARN'))
    let requests = 0
    context.broker.onRequest = (request) => {
      // The first two are for the output topic.
      if (request !== 'list-offsets' || ++requests !== 3) return
      context.interrupt()
      context.broker.isUp = false
    }
    await follow(final())
    expect(requests).toBe(3)
    expect(context.output.results).toEqual([])
  })

  it('notes that the broker is away, and fails when it stays away', async () => {
    append(result(1, 'WARN'))
    setTimeout(() => (context.broker.isUp = false), 1_000)
    await expect(follow(changing())).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
    expect(context.output.notes).toHaveLength(1)
  })
})

describe('followResults of a job that begins a new checkpoint', () => {
  const begin = (second: number) =>
    context.runtime.logLines.driver.push(`${at(second)} started resumed_from_batch=`)

  it('shows no window before it is final again', async () => {
    append(result(1, 'WARN', 9), result(60, 'SAFE', 9))
    setTimeout(() => append(result(61, 'SAFE', 9)), 2_000)
    setTimeout(() => begin(5), 3_000)
    for (const count of [1, 2, 3]) setTimeout(() => append(result(1, 'WARN', count)), 5_000 + 1_500 * count)
    later(12_000, () => undefined)
    await follow(final())
    expect(context.output.results.map((line) => JSON.parse(line).count)).toEqual([9])
    expect(context.output.notes).toEqual(['the job has begun anew, on an empty checkpoint'])
  })

  it('says that it writes to another topic', async () => {
    const { storage, config } = selected
    const settings = { OUTPUT_TOPIC: 'other' }
    await submittedFile(storage, selected.runtime.name).write({
      trigger: 'micro-batch',
      reason: 'r',
      checkpointIntervalMs: 60_000,
      settings,
    })
    setTimeout(() => begin(5), 3_000)
    later(6_000, () => undefined)
    await follow(changing())
    expect(context.output.notes[1]).toContain('it writes to other now')
    expect(config.topics.output).not.toBe('other')
  })
})

describe('followResults with windows that may still change', () => {
  it('shows them once the stream is idle', async () => {
    append(result(1, 'WARN', 1), result(1, 'WARN', 2))
    const startedAt = Date.now()
    await follow(final(), { limit: 1 })
    expect(JSON.parse(context.output.results[0] ?? '')).toMatchObject({ count: 2 })
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(10_500)
  })

  it('shows those of a stream that has ended long ago without that wait', async () => {
    append(result(1, 'WARN', 1))
    vi.setSystemTime(Date.now() + 60_000)
    const startedAt = Date.now()
    await follow(final(), { limit: 1 })
    expect(Date.now() - startedAt).toBeLessThan(3_000)
  })

  it('waits for the job to read what the input topic holds', async () => {
    context.broker.append('cpu-usage', { value: '1,1' }, { value: '2,2' })
    context.runtime.logLines.driver = [`${at(1)} progress batch=0 end_offsets=0:1`]
    append(result(1, 'WARN'))
    later(
      20_000,
      () => {
        expect(context.output.results).toEqual([])
        context.runtime.logLines.driver.push(`${at(6)} progress batch=1 end_offsets=0:2`)
      },
      1_500,
    )
    await follow(final())
    expect(context.output.results).toHaveLength(1)
  })

  /** The job has ended after it read this many records of the input topic. */
  const endedAfter = (state: 'stopped' | 'lost' | undefined, records: number) => {
    context.runtime.driverNow = state && driverIn(state)
    context.runtime.checkpoint.files
      .set('offsets/0', `v1\n{"batchWatermarkMs":0}\n{"cpu-usage":{"0":${records}}}`)
      .set('commits/0', 'v1')
  }

  it.each(['stopped', 'lost', undefined] as const)(
    'shows them if the job is %s and has read all',
    async (state) => {
      context.broker.append('cpu-usage', { value: '1,1' }, { value: '2,2' })
      endedAfter(state, 2)
      append(result(1, 'WARN'))
      await follow(final(), { limit: 1 })
      expect(context.output.results).toHaveLength(1)
      expect(context.output.notes.filter((note) => note.includes('unread'))).toEqual([])
    },
  )

  it.each([
    ['stopped', 'the job is stopped'],
    ['lost', 'the job was killed'],
    [undefined, 'the job is stopped'],
  ] as const)(
    'shows none if the job is %s and has records to read, and says so once',
    async (state, text) => {
      context.broker.append('cpu-usage', ...Array.from({ length: 1_500 }, () => ({ value: '2,2' })))
      context.runtime.logLines.driver = [`${at(0)} progress batch=0 input_rows=1500 end_offsets=0:1500`]
      endedAfter(state, 0)
      append(result(1, 'WARN'))
      later(60_000, () => undefined)
      await follow(final())
      expect(context.output.results).toEqual([])
      expect(context.output.notes.slice(1)).toEqual([
        `${text}; 1,500 records are unread, so the last windows are not final`,
      ])
    },
  )

  it('shows none while it is unknown what was read', async () => {
    context.runtime.driverNow = undefined
    context.runtime.logLines.driver = []
    append(result(1, 'WARN'))
    later(60_000, () => undefined)
    await follow(final())
    expect(context.output.results).toEqual([])
    expect(context.output.notes.slice(1)).toEqual([
      'no job runs; how far it has read the input is not known, so the last windows are not final',
    ])
  })

  it('waits while results arrive, even if they are seconds apart', async () => {
    const timer = setInterval(() => append(result(1, 'WARN', Math.round(Date.now() / 4_000))), 4_000)
    onTestFinished(() => clearInterval(timer))
    later(30_000, () => undefined)
    await follow(final())
    expect(context.output.results).toEqual([])
  })
})

describe('the live line of followResults', () => {
  /** What is written to a terminal on stderr from now on. */
  function terminal(): string[] {
    const { isTTY, columns } = process.stderr
    const written: string[] = []
    vi.stubEnv('TERM', 'xterm-256color')
    Object.assign(process.stderr, { isTTY: true, columns: 120 })
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(stripVTControlCharacters(String(text)).trim())
      return true
    })
    onTestFinished(() => {
      write.mockRestore()
      vi.unstubAllEnvs()
      Object.assign(process.stderr, { isTTY, columns })
    })
    return written
  }

  it('shows that no result has arrived, then the newest result, and is erased at the end', async () => {
    const lines = terminal()
    later(1_000, () => append(result(1, 'SAFE'), result(2, 'SAFE')), 1_000)
    await follow(changing(), { asJson: false })
    expect(lines[0]).toContain('waiting for results')
    expect(lines.find((line) => line.includes('00:00:02'))).toMatch(/SAFE 20\.0 %; 2 SAFE windows not shown/)
    expect(lines.at(-1)).toBe('')
  })

  it('is not shown beside JSON', async () => {
    const lines = terminal()
    later(1_000, () => append(result(1, 'SAFE')), 1_000)
    await follow(changing())
    expect(lines).toEqual([])
  })
})

describe('what followResults says of the job', () => {
  it('notes that it is stopped, that it runs again, and how many samples are late', async () => {
    context.runtime.driverNow = driverIn('stopped')
    setTimeout(() => {
      context.runtime.driverNow = driverIn('running')
      context.runtime.logLines.driver = [`${at(1)} progress batch=0 input_rows=10000 late=10000`]
    }, 5_000)
    later(10_000, () => undefined)
    await follow(changing())
    expect(context.output.notes).toEqual([
      expect.stringContaining('the job is stopped'),
      'the job runs again',
      expect.stringContaining('10,000 late'),
    ])
  })
})

describe('what followResults prints for a person', () => {
  it('sorts the windows of one batch that arrive one after the other', async () => {
    append(result(3, 'WARN'))
    setTimeout(() => append(result(1, 'WARN'), result(2, 'WARN')), 100)
    later(1_000, () => undefined)
    await follow(feedOf('changes'), { asJson: false })
    expect(context.output.results.map((line) => line.slice(0, 8))).toEqual([
      '00:00:01',
      '00:00:02',
      '00:00:03',
    ])
  })
})
