import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Config } from '../config/config.ts'
import { at, driverIn } from '../runtime/runtime.fixture.ts'
import type { DriverStatus, PartStatus } from '../runtime/runtime.ts'
import type { QueryProgress } from './progress.ts'
import type { StackStatus } from './status.ts'
import { statusLines } from './status-lines.ts'

const STOPPED: StackStatus = {
  runtime: 'local',
  parts: [],
  driver: undefined,
  query: undefined,
  progress: undefined,
  detector: undefined,
  unread: undefined,
  secondsSinceProgress: undefined,
  stall: undefined,
  problems: [],
  lastError: undefined,
  remarks: [],
  sparkUi: undefined,
  storage: '/project/storage',
}

/** The lines by their label. */
function shown(status: Partial<StackStatus>): Record<string, string> {
  const lines = statusLines({ ...STOPPED, ...status }).map(stripVTControlCharacters)
  const pairs = lines.map((line) => [line.slice(0, 14).trim(), line.slice(14)] as const)
  return Object.fromEntries(pairs.filter(([label]) => label !== ''))
}

describe('statusLines', () => {
  it('of a stack that is down: runtime, how to start a job, storage', () => {
    expect(shown({})).toEqual({
      runtime: 'local',
      job: expect.stringContaining('cpu-anomaly submit'),
      storage: '/project/storage',
    })
  })

  it.each<[PartStatus, RegExp]>([
    [
      { part: 'kafka', state: 'running', address: '127.0.0.1:9093', pid: 11 },
      /^running .*127\.0\.0\.1:9093.*\b11\b/,
    ],
    [{ part: 'kafka', state: 'starting', container: 'kafka-1', pid: 11 }, /^starting \(kafka-1\)$/],
    [{ part: 'kafka', state: 'stopped' }, /^stopped$/],
    [
      { part: 'kafka', state: 'unhealthy', pid: 11, detail: 'no controller' },
      /^unhealthy .*: no controller$/,
    ],
    [{ part: 'kafka', state: 'stopped', detail: '\u001b[2J' }, /: \\x1b\[2J$/],
  ])('of a part: %j', (part, expected) => {
    expect(shown({ parts: [part] }).kafka).toMatch(expected)
  })

  it.each<[DriverStatus['state'], RegExp]>([
    ['starting', /starting/],
    ['running', /running/],
    ['backing-off', /will be restarted/],
    ['gave-up', /gave up/],
    ['failed', /failed/],
    ['stopped', /stopped/],
    ['orphaned', /cpu-anomaly stop/],
    ['lost', /cpu-anomaly submit/],
  ])('describes a driver that is %s, or names the command to use', (state, expected) => {
    expect(shown({ driver: driverIn(state) }).job).toMatch(expected)
  })

  it('says since when a driver is in its state', () => {
    const driver = { ...driverIn('gave-up'), since: '2026-01-02T00:00:00Z' }
    expect(shown({ driver }).job).toContain('(since 2026-01-02T00:00:00Z')
  })

  it('has different words for each state of a driver', () => {
    const states = ['starting', 'running', 'backing-off', 'gave-up', 'failed', 'stopped', 'orphaned', 'lost']
    const words = states.map((state) => shown({ driver: driverIn(state as DriverStatus['state']) }).job)
    expect(new Set(words).size).toBe(states.length)
  })

  it.each([
    [{ pid: 42 }, /\b42\b/],
    [{ pid: 1, container: 'driver-1' }, /driver-1/],
    [{}, new RegExp(at(0))],
    [{ restarts: 1 }, /\b1 restart\b/],
    [{ restarts: 2 }, /\b2 restarts\b/],
    [{ reason: 'exit code 1\u001b[2J' }, /exit code 1\\x1b\[2J/],
  ])('shows the facts of a driver: %j', (facts, expected) => {
    expect(shown({ driver: driverIn('running', facts) }).job).toMatch(expected)
  })

  it('shows the last error escaped, and the UI of a driver that runs', () => {
    const status = shown({ lastError: 'no column\ncpu', sparkUi: 'http://localhost:4040' })
    expect(status).toMatchObject({ error: 'no column\\ncpu', 'Spark UI': 'http://localhost:4040' })
  })

  it('shows the interval of real-time mode, and why the mode was chosen', () => {
    const query = { reason: 'TRIGGER=auto', checkpointIntervalMs: 90_000 }
    expect(shown({ query: { ...query, trigger: 'real-time' } }).trigger).toMatch(/\b90 s.*TRIGGER=auto/)
    const batches = shown({ query: { ...query, trigger: 'micro-batch' } }).trigger
    expect(batches).toMatch(/micro-batch.*TRIGGER=auto/)
    expect(batches).not.toContain('90')
  })

  it.each([
    [{}, 'WARN above 17.2 %, ERROR above 19.9 % (normal 14.5 ± 2.7 %)'],
    [{ direction: 'low' }, 'WARN below 11.8 %, ERROR below 9.1 %'],
    [{ direction: 'both' }, 'WARN outside 11.8 to 17.2 %, ERROR outside 9.1 to 19.9 %'],
    [{}, 'windows of 0.5 s, samples may be 10 s late'],
    [{ groupBy: 'key' }, 'windows of 0.5 s per key, samples may be 10 s late'],
  ] as const)('shows what a detector with %j judges by', (change, expected) => {
    const lines = statusLines({ ...STOPPED, detector: { ...DETECTOR, ...change } })
    const at = lines.findIndex((line) => line.startsWith('detector'))
    expect(lines.slice(at, at + 2).join('\n')).toContain(expected)
  })

  it('says that the job makes no progress', () => {
    const text = statusLines({ ...STOPPED, stall: { seconds: 62, unread: 10_000 } }).join('\n')
    expect(text).toContain('no progress for 62 s, although 10,000 records are unread')
  })

  const PROGRESS: QueryProgress = {
    time: at(5),
    lastReadAt: at(5),
    batch: 7,
    inputRecords: 1,
    inputRecordsPerSecond: 1_234.4,
    processedRecordsPerSecond: 1_300_000,
    lag: 0,
    endOffsets: {},
    watermark: undefined,
    stateRows: 20,
    read: 9_000_001,
    deadLettered: 3,
    late: 10_000,
  }
  const textOf = (progress: Partial<QueryProgress>) =>
    statusLines({ ...STOPPED, progress: { ...PROGRESS, ...progress } }).join('\n')

  it('rounds rates, groups the digits of large numbers, and says how old the rates are', () => {
    const status = { ...STOPPED, progress: PROGRESS, unread: 5_678, secondsSinceProgress: 62 }
    const text = statusLines(status).join('\n')
    const facts = [
      'batch 7',
      '62 s ago',
      at(5),
      '1,234',
      '1,300,000',
      'unread 5,678',
      'none yet',
      '9,000,001',
    ]
    for (const fact of [...facts, 'late 10,000']) expect(text).toContain(fact)
    expect(text).not.toContain('lag')
  })

  it('fits into 80 columns', () => {
    const progress = { ...PROGRESS, watermark: at(3), inputRecords: 900, stateRows: 24 }
    const lines = statusLines({ ...STOPPED, progress, detector: DETECTOR, secondsSinceProgress: 62 })
    expect(lines.filter((line) => stripVTControlCharacters(line).length > 80)).toEqual([])
  })

  it('does not call records of real-time mode unread, nor guess their number', () => {
    const query = { trigger: 'real-time', reason: 'r', checkpointIntervalMs: 60_000 } as const
    const text = statusLines({ ...STOPPED, progress: PROGRESS, query }).join('\n')
    expect(text).toContain('not yet committed unknown')
  })

  it('shows what is remarkable about the clocks', () => {
    expect(shown({ remarks: ['the watermark is ahead'] })).toMatchObject({ beware: 'the watermark is ahead' })
  })

  it.each([
    [[{ series: '', samples: 4 }], 0, /late samples are from a to b$/m],
    [[{ series: `web-${'x'.repeat(100)}-1`, samples: 4 }], 0, /b: web-x{26}…x{27}-1 4$/m],
    [
      [
        { series: 'web\u001b', samples: 4_000 },
        { series: '', samples: 2 },
      ],
      0,
      /a to b: web\\x1b 4,000, \(no key\) 2$/m,
    ],
    [[{ series: 'web', samples: 3 }], 1_000, /a to b: web 3, other series 1,000$/m],
  ])('shows which samples were late: %j', (series, other, expected) => {
    expect(textOf({ lateDetails: { first: 'a', last: 'b', series, other } })).toMatch(expected)
  })

  it('shows how many updates the baseline has no row for', () => {
    expect(textOf({ withoutBaseline: 1_234 })).toMatch(/not in the baseline, .* settings: 1,234 updates$/m)
    expect(textOf({ withoutBaseline: 0 })).not.toContain('baseline')
    const detector = { ...DETECTOR, baselineFile: '/data/baseline.csv' }
    expect(statusLines({ ...STOPPED, detector }).join('\n')).toContain(
      'unless this has a normal: /data/baseline.csv',
    )
  })

  it('says that the present is late, and which sample did it', () => {
    const sample = { time: 'T', series: 'web', partition: 2, offset: 7 }
    expect(textOf({ watermarkAhead: { aheadMs: 280_000, sample } })).toMatch(
      /280 s ahead of the clock, .* late: because of the sample T of web \(partition 2, offset 7\)$/m,
    )
    expect(textOf({ watermarkAhead: { aheadMs: 280_000 } })).toMatch(/280 s ahead.* are late$/m)
    expect(textOf({})).not.toContain('ahead')
  })
})

const DETECTOR: Config['detector'] = {
  normalMean: 14.5,
  normalStddev: 2.7,
  direction: 'high',
  windowMs: 500,
  watermarkMs: 10_000,
  maxFutureSkewMs: 300_000,
  cpuMin: undefined,
  cpuMax: undefined,
  groupBy: 'none',
  baselineFile: undefined,
}
