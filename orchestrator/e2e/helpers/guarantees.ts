import { execa } from 'execa'
import { expect } from 'vitest'
import { isPortFree } from '../../src/system/ports.ts'
import { readTopic, type StoredRecord } from './kafka.ts'
import type { Mode } from './modes.ts'
import { expectedWindows, type Normal, type NormalOf, type Sample } from './oracle.ts'
import { OrderJudge } from './order.ts'
import type { Stack, Status, Topics } from './stack.ts'

const SETTINGS: Normal = { mean: 14.5, stddev: 2.7, source: 'settings' }

export interface Result {
  readonly window: { readonly start: string; readonly end: string }
  readonly mean: number
  readonly stddev: number | null
  readonly count: number
  readonly status: string
  readonly series: string
  readonly normal_mean: number
  readonly normal_stddev: number
  readonly normal: string
}

const readAll = (stack: Stack, topic: keyof Topics): Promise<StoredRecord[]> =>
  readTopic(stack.broker, stack.topics[topic], undefined, stack.login)

/** All results that are in the output topic, with their keys, in offset order. */
export async function results(stack: Stack): Promise<{ key: string; result: Result }[]> {
  const records = await readAll(stack, 'output')
  return records.map(({ key, value }) => ({ key: key ?? '', result: JSON.parse(String(value)) as Result }))
}

/** O1: acknowledged input = samples in windows + dead letters + late samples, and each dead letter is written once. */
export async function expectAccounted(stack: Stack, status: Status, acknowledged: number): Promise<void> {
  const finals = new Map((await results(stack)).map(({ key, result }) => [key, result]))
  const counted = [...finals.values()].reduce((sum, { count }) => sum + count, 0)
  const { deadLettered = Number.NaN, late = Number.NaN } = status.progress ?? {}
  expect({ counted, deadLettered, late, sum: counted + deadLettered + late }).toMatchObject({
    sum: acknowledged,
  })
  const letters = new Set((await readAll(stack, 'deadLetter')).map(({ key }) => key))
  expect(letters.size).toBe(deadLettered)
}

/** O2: the last value of each key is the expected one. */
export function expectWindows(
  actual: ReadonlyMap<string, Result>,
  samples: readonly Sample[],
  windowMs = 500,
  normalOf: NormalOf = () => SETTINGS,
): void {
  const expected = expectedWindows(samples, normalOf, windowMs)
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort())
  for (const [key, window] of expected) {
    const result = actual.get(key)
    expect(result, key).toMatchObject({ count: window.count, status: window.status, series: window.series })
    const { mean, stddev, source } = window.normal
    expect(result, key).toMatchObject({ normal_mean: mean, normal_stddev: stddev, normal: source })
    expect(Date.parse(result?.window.start ?? ''), key).toBe(window.startMs)
    expectClose(result?.mean ?? Number.NaN, window.mean, key)
    if (window.stddev === null) expect(result?.stddev, key).toBeNull()
    else expectClose(result?.stddev ?? Number.NaN, window.stddev, key)
  }
}

const expectClose = (actual: number, expected: number, key: string) =>
  expect(Math.abs(actual - expected), `${key}: ${actual} instead of ${expected}`).toBeLessThanOrEqual(1e-9)

export async function lastValues(stack: Stack): Promise<Map<string, Result>> {
  return new Map((await results(stack)).map(({ key, result }) => [key, result]))
}

/** The windows that `tail --final` shows, which are this many, by the same keys. */
export async function finalWindows(stack: Stack, windows: number): Promise<Map<string, Result>> {
  const flags = ['--all', '--final', '--json', '--from', 'earliest', '--limit', String(windows)]
  const lines = (await stack.ok('tail', ...flags)).trim().split('\n')
  const shown = lines.map((line) => JSON.parse(line) as Result)
  expect(shown).toHaveLength(windows)
  return new Map(shown.map((result) => [`${result.series}|${Date.parse(result.window.start)}`, result]))
}

/** O3 and O4, as `OrderJudge` explains; this many writers at most wrote results again, each after a restart. */
export async function expectOrderly(
  stack: Stack,
  mode: Mode,
  restarts: number,
  executors = 1,
): Promise<void> {
  const judge = new OrderJudge(mode, executors)
  for (const { key, value, timestampMs, producerId } of await readAll(stack, 'output')) {
    const { count } = JSON.parse(String(value)) as Result
    judge.see({ key: key ?? '', count, appendedMs: timestampMs, producerId })
  }
  expect({ falls: judge.falls, repeats: judge.repeats }).toEqual({ falls: [], repeats: [] })
  expect(judge.replays, 'number of writers that wrote results again').toBeLessThanOrEqual(restarts)
}

/** Results that were committed before a crash are not written again, except for the newest window, which may grow. */
export async function expectUntouched(
  stack: Stack,
  committed: readonly { key: string; result: Result }[],
): Promise<void> {
  // A batch writes one state partition after another, so its last record may not be of the newest window.
  const startMs = ({ result }: { result: Result }) => Date.parse(result.window.start)
  const newest = Math.max(...committed.map(startMs))
  const closed = new Set(committed.filter((each) => startMs(each) < newest).map(({ key }) => key))
  const later = (await results(stack)).slice(committed.length)
  expect(later.filter(({ key }) => closed.has(key))).toEqual([])
}

/** O5: `down` leaves no process, container, port or lock behind. */
export async function expectNothingLeft(stack: Stack): Promise<void> {
  for (const port of Object.values(stack.ports)) expect(await isPortFree(port), `port ${port}`).toBe(true)
  const { stdout } = await execa('ps', ['-eo', 'pid,args'])
  expect(stdout.split('\n').filter((line) => line.includes(stack.folder))).toEqual([])
  const locks = await execa('find', [stack.folder, '-name', '*.lock', '-not', '-path', '*/kafka/*'])
  expect(locks.stdout).toBe('')
  if (stack.runtime !== 'docker') return
  const label = `label=com.docker.compose.project`
  const containers = await execa('docker', ['ps', '-a', '--filter', label, '--format', '{{.Names}}'])
  const own =
    stack.folder
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .split('-')
      .at(-1) ?? ''
  expect(containers.stdout.split('\n').filter((name) => own !== '' && name.includes(own))).toEqual([])
}
