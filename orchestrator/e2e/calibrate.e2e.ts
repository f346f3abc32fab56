import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lastValues, type Result } from './helpers/guarantees.ts'
import { type RawRecord, send } from './helpers/kafka.ts'
import type { Sample } from './helpers/oracle.ts'
import { toLine } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'

const START_MS = 1_700_000_000_000
const EVERY_MS = 50
const TARGET = 0.05

/** Numbers from 0 to 1, the same at each call. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

/** Three data sets, each a series: a busy host with anomalies, one that is idle in between, and one that has two levels. */
const DATA_SETS: Readonly<Record<string, (random: () => number, index: number) => number>> = {
  busy: (random, index) => 40 + 10 * random() + (index % 1_500 < 100 ? 30 : 0),
  idle: (random, index) => (random() < 0.9 && index % 900 >= 60 ? 0 : 60 * random()),
  levels: (random, index) => (Math.floor(index / 400) % 2 === 0 ? 20 : 55) + 6 * random() + random() / 3,
}

/** This many samples of each data set, in the order of their times, from one of them on. */
function samplesOf(from: number, count: number): Sample[] {
  const hosts = Object.entries(DATA_SETS).map(([series, cpuOf], nth) => ({
    series,
    cpuOf,
    random: dice(nth + from),
  }))
  return Array.from({ length: count }, (_, index) =>
    hosts.map(({ series, cpuOf, random }) => ({
      series,
      timeMs: START_MS + (from + index) * EVERY_MS,
      cpu: Math.round(cpuOf(random, from + index) * 1_000) / 1_000,
    })),
  ).flat()
}

const toRecords = (samples: readonly Sample[]): RawRecord[] =>
  samples.map((sample) => ({ key: sample.series ?? null, value: Buffer.from(toLine(sample)) }))

interface Preview {
  readonly calibrate: string
  readonly method: string
  readonly mean: number
  readonly stddev: number
  readonly windows: number
  readonly warn: number
  readonly error: number
}

const counted = (results: Iterable<Result>, status: string) =>
  [...results].filter((result) => result.status === status).length

// Each run of Spark takes a quarter of a minute, and several times that on a busy machine.
const TIMEOUT_MS = 600_000
const shared = new SharedStack('local')
const settings = { GROUP_BY: 'key', NORMAL_MEAN: '40', NORMAL_STDDEV: '8' }

it(
  'predicts what the job says, and finds a pair that keeps its target for later samples',
  async () => {
    const stack = await shared.forTest(settings)
    const empty = await stack.cli(['calibrate'])
    expect(empty).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is empty') })

    await stack.ok('submit', '--new-checkpoint')
    const known = samplesOf(0, 2_000)
    await send(stack.broker, stack.topics.input, toRecords(known))
    await stack.untilRead(known.length)
    const lines = (await stack.ok('calibrate', '--target', '5%', '--write', '--json')).trim().split('\n')
    const previews = lines
      .map((line) => JSON.parse(line) as Preview)
      .filter(({ calibrate }) => calibrate === 'preview')
    const said = await lastValues(stack)
    expect(previews.find(({ method }) => method === 'present')).toMatchObject({
      windows: said.size,
      warn: counted(said.values(), 'WARN'),
      error: counted(said.values(), 'ERROR'),
    })
    const target = previews.find(({ method }) => method === 'target')
    const env = await readFile(join(stack.folder, '.env'), 'utf8')
    expect(env).toContain(`NORMAL_MEAN=${target?.mean}\nNORMAL_STDDEV=${target?.stddev}\n`)
    expect(env).toContain('GROUP_BY=key\n')

    // Samples that the pair was not computed from.
    const later = samplesOf(2_000, 2_000)
    await send(stack.broker, stack.topics.input, toRecords(later))
    await stack.ok('stop')
    await stack.ok('submit', '--new-checkpoint')
    await stack.untilRead(known.length + later.length)
    expect(await stack.ok('calibrate', '--check')).toContain('are as predicted')
    const fresh = [...(await lastValues(stack)).values()].filter(
      ({ window }) => Date.parse(window.start) >= START_MS + 2_000 * EVERY_MS,
    )
    const flagged = counted(fresh, 'WARN') + counted(fresh, 'ERROR')
    expect(flagged).toBeGreaterThan(0)
    expect(flagged / fresh.length).toBeLessThan(2 * TARGET)
  },
  TIMEOUT_MS,
)

it(
  'predicts what the job says in real-time mode, and names a window that lacks a late sample',
  async () => {
    const stack = await shared.forTest(settings)
    const flags = ['--set', 'TRIGGER=real-time', '--set', 'CHECKPOINT_INTERVAL=5 seconds']
    await stack.ok('submit', '--new-checkpoint', ...flags)
    const samples = samplesOf(0, 2_000)
    await send(stack.broker, stack.topics.input, toRecords(samples))
    await stack.untilRead(samples.length)
    expect(await stack.ok('calibrate', '--check')).toContain('are as predicted')

    await send(stack.broker, stack.topics.input, toRecords(samples.slice(0, 1)))
    await stack.untilRead(samples.length + 1)
    const differing = await stack.cli(['calibrate', '--check'])
    expect(differing.exitCode).toBe(1)
    expect(differing.stderr).toMatch(
      /2023-11-14T22:13:20\.000Z busy: predicted \w+ with 11 samples.*said \w+ with 10/,
    )
    expect(differing.stderr).toContain('1 sample came late')
  },
  TIMEOUT_MS,
)
