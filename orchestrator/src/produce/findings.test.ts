import { describe, expect, it } from 'vitest'
import { NOW, usual } from './circumstances.fixture.ts'
import { type Finding, findings } from './findings.ts'
import { linesOf } from './line.fixture.ts'
import { type Circumstances, prospects } from './prospects.ts'
import { type Restamp, shiftNewestTo } from './restamp.ts'
import { survey } from './survey.ts'

/** A job that has read samples up to the present. */
const job = { closedMs: NOW - 11_000, closingMs: NOW - 10_500 }

interface Options extends Partial<Circumstances> {
  readonly now?: boolean
}

async function found(lines: readonly string[], { now, ...more }: Options = {}): Promise<Finding[]> {
  const circumstances = { ...usual, ...more }
  const known = () => linesOf(lines)
  const surveyed = await survey(known(), {
    ...circumstances,
    latestMs: now ? Number.POSITIVE_INFINITY : NOW + 300_000,
  })
  const restamp: Restamp | undefined =
    now && surveyed.newest ? shiftNewestTo(surveyed.newest, NOW) : undefined
  return findings(surveyed, restamp, await prospects(known, surveyed, restamp, circumstances), circumstances)
}

const refused = (message: RegExp, hint = /./) => [
  expect.objectContaining({
    kind: 'refuse',
    message: expect.stringMatching(message),
    hint: expect.stringMatching(hint),
  }),
]
const warned = (message: RegExp) => [
  expect.objectContaining({ kind: 'warn', message: expect.stringMatching(message) }),
]
const noted = (message: RegExp) => [{ kind: 'note', message: expect.stringMatching(message) }]

/** Samples of the last seconds, one per second, the newest first if `step` is negative. */
const samples = (count: number, step: number, from: number) =>
  Array.from({ length: count }, (_, index) => `${from + index * step},1`)

describe('what is said of the format', () => {
  it('is nothing if all lines are samples', async () => {
    expect(await found(samples(5, 1_000, NOW - 5_000))).toEqual([])
  })

  it.each([
    [
      'of pandas',
      ['time,cpu', '1509009792670.0,10'],
      /cpu\.csv: line 2, column 1: "1509009792670\.0" is not a whole/,
    ],
    ['of Excel', ['1509009792670;13,64'], /line 1 is separated by a semicolon/],
    ['with quotes', ['"1509009792670","13.64"'], /line 1, column 1: .* in quotes/],
    ['with three columns', ['time,host,cpu', '1509009792670,a,1'], /line 1 has 3 columns/],
    ['with dates', ['timestamp,value', '2014-02-14 14:30:00,6.4'], /line 2, column 1: .* is a date/],
    ['with an index', ['1,12.5', '2,13'], /line 1, column 1: "1" is not a time/],
    ['with a header only', ['time,cpu'], /only a header/],
  ])('refuses a file %s', async (_, lines, message) => {
    expect(await found(lines)).toEqual(refused(message, /time_millis,cpu/))
  })

  it('says of a stream only what is known', async () => {
    expect(await found(['1,12.5'], { isComplete: false })).toEqual(refused(/none of its first lines/))
  })

  it.each([
    ['1509009792,1', /seconds/],
    ['1509009792670123,1', /microseconds/],
    ['1509009792670123456,1', /nanoseconds/],
  ])('notes the conversion of %s', async (line, message) => {
    expect(await found([line])).toEqual(noted(message))
  })

  it('notes that the header is not sent', async () => {
    expect(await found(['"t","cpu"', ...samples(1, 1, NOW)])).toEqual(noted(/header.*\\"t\\",\\"cpu\\"/))
  })

  it('warns how many lines become dead letters, and names the first', async () => {
    const lines = [...samples(3, 1_000, NOW - 5_000), 'n/a', '', '1509009792.5,1']
    expect(await found(lines)).toEqual(warned(/^3 of 6 lines .*\bdead; line 4 has 1 column/))
  })

  it('warns of times in several units, which are all converted and judged alike', async () => {
    const late = { closedMs: NOW - 60_000, closingMs: NOW - 60_000 }
    const seconds = NOW / 1_000
    const lines = [`${seconds - 9},1`, `${seconds - 8},1`, ...samples(1, 1, NOW - 86_400_000)]
    expect(await found(lines, { job: late, isSorted: true })).toEqual([
      ...warned(
        /in seconds \(2 samples, line 1 first\) and milliseconds \(1 sample, line 3 first\).*converted/,
      ),
      ...warned(/^1 of 3 samples would be late/),
    ])
  })
})

describe('what is said of values out of range', () => {
  it('warns of some, and refuses a file that is all out of range', async () => {
    const lines = [`${NOW},50`, `${NOW},101`]
    expect(await found(lines, { cpuMax: 100 })).toEqual(
      warned(/^1 of 2 samples .*CPU_MAX.*dead; line 2 has 101 %/),
    )
    expect(await found(lines, { cpuMin: 150 })).toEqual(
      refused(/^2 of 2 samples .* line 1 has 50 %/, /CPU_MIN/),
    )
  })
})

describe('what is said of values that are hardly percent', () => {
  const values = (...cpu: readonly number[]) => cpu.map((value, index) => `${NOW - 5_000 + index},${value}`)

  it('asks whether they are fractions or counters', async () => {
    const fractions = values(...Array.from({ length: 100 }, (_, index) => index / 100))
    expect(await found(fractions)).toEqual(warned(/from 0 to 0\.99.*fractions/))
    expect(await found(values(982_374, 982_380))).toEqual(warned(/from 982374 to 982380.*counter/))
  })

  it('has nothing against an idle or a large machine, a few values, or a range that is set', async () => {
    const idle = Array.from({ length: 100 }, () => 0)
    expect(await found(values(...idle))).toEqual([])
    expect(await found(values(0.5, 1))).toEqual([])
    expect(await found(values(6_400))).toEqual([])
    expect(await found(values(982_374), { cpuMax: 1e6 })).toEqual([])
  })
})

describe('what is said of the order', () => {
  it('refuses samples much older than one before them, and names the line', async () => {
    expect(await found(samples(30, -1_000, NOW))).toEqual(
      refused(/cpu\.csv is not sorted by time: line 12 is 11 s older .* 19 of 30 samples/, /--sort/),
    )
  })

  it('accepts any order once it is sorted, and a little disorder', async () => {
    expect(await found(samples(30, -1_000, NOW), { isSorted: true })).toEqual([])
    expect(await found(samples(11, -1_000, NOW))).toEqual([])
  })

  it('says nothing of samples behind one from the future, which the job leaves out', async () => {
    expect(await found([`${NOW},1`, `${NOW + 9e10},1`, `${NOW},1`])).toEqual(warned(/in the future/))
  })
})

describe('what is said of the future', () => {
  it('refuses a file that is all in the future, and suggests --now', async () => {
    expect(await found(samples(3, 1_000, NOW + 600_000))).toEqual(
      refused(
        /3 of 3 samples are in the future.*line 3 is 10 min 2 s ahead.*MAX_FUTURE_SKEW is 5 min$/,
        /--now/,
      ),
    )
    expect(await found(samples(3, 1_000, NOW + 600_000), { now: true })).toEqual([])
  })

  it('knows that real-time mode accepts samples for one interval more', async () => {
    expect(await found([`${NOW},1`, `${NOW + 330_000},1`], { batchMs: 60_000 })).toEqual(
      warned(/once the job/),
    )
    expect(await found([`${NOW},1`, `${NOW + 370_000},1`], { batchMs: 60_000 })).toEqual(
      warned(/^1 of 2 samples are in the future.*MAX_FUTURE_SKEW is 5 min, CHECKPOINT_INTERVAL 1 min/),
    )
  })

  it('warns how many samples are in the future', async () => {
    expect(await found([`${NOW},1`, `${NOW + 400_000},1`])).toEqual(
      warned(/^1 of 2 samples are in the future/),
    )
  })

  it('warns of a sample that makes those of the present late', async () => {
    expect(await found([`${NOW},1`, `${NOW + 299_000},1`])).toEqual(
      warned(/line 2 is 4 min 59 s ahead of this machine's clock.* present are late.* for 4 min 49 s/),
    )
    expect(await found([`${NOW},1`, `${NOW + 10_000},1`])).toEqual([])
  })
})

describe('what is said of one sample that is far newer than the others', () => {
  const old = samples(60, 50, 1_509_009_792_000)

  it.each([
    ['of 2030', '1900000000000,1'],
    ['after 2286', '9999999999999,0'],
  ])('refuses --now with one %s, wherever its line is, and names it', async (_, line) => {
    const lines = [...old.slice(0, 50), line, ...old.slice(50)]
    const [first] = await found(lines, { now: true, isSorted: true })
    expect([first]).toEqual(
      refused(/^line 51 \(2.* is far newer than nearly all samples/, /Correct or remove/),
    )
  })

  it('warns of times that --now moves before September 2001', async () => {
    const lines = [`${NOW},1`, '3000000000000,1']
    expect(await found(lines, { now: true })).toEqual(
      warned(/^--now moves 1 of 2 samples to times before September 2001/),
    )
  })

  it('does not suggest --now', async () => {
    const [warning] = await found([...old, '1900000000000,1'])
    expect(warning?.hint).not.toContain('--now')
  })

  it('accepts a long file and a gap in it', async () => {
    expect(await found(samples(60, 3_600_000, 1_509_009_792_000), { now: true })).toEqual([])
    const gap = [...old, ...samples(30, 50, 1_600_000_000_000)]
    expect(await found(gap, { now: true })).toEqual([])
  })
})

describe('what is said of samples none of which counts', () => {
  it('refuses them, whatever the reasons are', async () => {
    const lines = [`${NOW - 60_000},1`, `${NOW},101`, `${NOW + 400_000},1`]
    const all = await found(lines, { job, cpuMax: 100 })
    expect(all.at(-1)).toMatchObject({
      kind: 'refuse',
      message: 'none of the 3 samples would count: 1 late, 1 in the future, 1 outside CPU_MIN and CPU_MAX',
    })
    expect((await found([...lines, `${NOW},1`], { job, cpuMax: 100 })).map(({ kind }) => kind)).not.toContain(
      'refuse',
    )
  })
})

describe('what is said of a job that has read newer samples', () => {
  it('refuses a file that is all behind its watermark, and shows the ways out', async () => {
    expect(await found(samples(3, 1_000, 1_509_009_792_000), { job })).toEqual(
      refused(
        /^3 of 3 samples would be late, .*watermark is 2025-12-31T23:59:49.000Z/,
        /from 2017-10-26T09:23:12.000Z to 2017-10-26T09:23:14.000Z(.|\n)*--now(.|\n)*--new-checkpoint(.|\n)*INPUT_TOPIC(.|\n)*--anyway/,
      ),
    )
  })

  it('does not advise a new checkpoint after the sending if that would skip it', async () => {
    const [late] = await found(samples(3, 1_000, 1_509_009_792_000), { job, isReadAgain: false })
    expect(late?.hint).toMatch(/submit --new-checkpoint`, which skips.*then send them/)
  })

  it('accepts a file that is not', async () => {
    expect(await found(samples(3, 1_000, NOW - 3_000), { job })).toEqual([])
  })

  it('warns how many are, also of those that --now shifts', async () => {
    expect(await found(samples(30, 1_000, NOW - 29_000), { job })).toEqual(
      warned(/^19 of 30 samples would be late/),
    )
    const shifted = await found(samples(30, 1_000, 1_509_009_792_000), { job, now: true })
    expect(shifted).toEqual(warned(/^19 of 30 samples would be late/))
    expect(shifted[0]?.hint).not.toContain('--now')
  })

  it('warns of those that the next batch alone may still count', async () => {
    const fresh = { closedMs: 0, closingMs: NOW - 10_500 }
    expect(await found(samples(3, 1_000, 1_509_009_792_000), { job: fresh })).toEqual(
      warned(/^3 of 3 samples are older than what the job has read last/),
    )
  })
})
