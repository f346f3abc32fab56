import { type JsonPath, sparkJsonPath } from './json-path.ts'
import { isObject, numberIn } from './json-values.ts'
import type { CpuUnit, TimeUnit } from './names.ts'

/** A value in JSON records that may be what INPUT_CPU asks for. */
interface CpuCandidate {
  readonly path: string
  readonly unit: CpuUnit
  readonly smallest: number
  readonly largest: number
}

interface TimeCandidate {
  readonly path: string
  readonly unit: TimeUnit
}

/** What the settings of INPUT_FORMAT=json may be for some records, the likeliest first. */
export interface Candidates {
  readonly cpus: readonly CpuCandidate[]
  readonly times: readonly TimeCandidate[]
  readonly series: readonly string[]
}

const MAX_DEPTH = 8
const MAX_LEAVES = 300
/** A longer path is nobody's field, and not to be shown. */
const MAX_PATH = 200
/** An element further on in an array is one of many, not a field. */
const MAX_INDEX = 4

/** Looks at what all of the documents have. */
export function candidatesOf(documents: readonly unknown[]): Candidates {
  const all = documents.map((document) => new Map(leavesOf(document)))
  const [first] = all
  const shared = [...(first?.keys() ?? [])].filter((path) => all.every((leaves) => leaves.has(path)))
  const values = (path: string) => all.map((leaves) => leaves.get(path))
  return {
    cpus: shared
      .flatMap((path) => cpuCandidate(path, values(path)) ?? [])
      .sort((a, b) => cpuRank(b.path) - cpuRank(a.path)),
    times: shared
      .flatMap((path) => timeCandidate(path, values(path)) ?? [])
      .sort((a, b) => timeRank(b.path) - timeRank(a.path)),
    series: shared
      .filter(
        (path) => SERIES.test(lastKey(path)) && values(path).every((value) => typeof value === 'string'),
      )
      .sort((a, b) => a.length - b.length),
  }
}

/** The texts and numbers in a document, by the paths that lead to them. */
function leavesOf(document: unknown): [path: string, value: string | number][] {
  const found: [string, string | number][] = []
  const visit = (value: unknown, path: JsonPath) => {
    if (found.length >= MAX_LEAVES || path.length > MAX_DEPTH) return
    if (Array.isArray(value))
      value.slice(0, MAX_INDEX).forEach((each, index) => void visit(each, [...path, index]))
    else if (isObject(value)) for (const [key, each] of Object.entries(value)) visit(each, [...path, key])
    else if (typeof value === 'string' || typeof value === 'number') {
      const name = path.length > 0 ? sparkJsonPath(path) : undefined
      if (name !== undefined && name.length <= MAX_PATH) found.push([name, value])
    }
  }
  visit(document, [])
  return found
}

function cpuCandidate(path: string, values: readonly unknown[]): CpuCandidate | undefined {
  const numbers = values.map(numberIn)
  const known = numbers.flatMap((number) => number ?? [])
  if (known.length < numbers.length) return undefined
  const smallest = known.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const largest = known.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (smallest < 0 || largest > 100) return undefined
  const isFraction = largest <= 1 && known.some((number) => !Number.isInteger(number))
  return { path, unit: isFraction ? 'fraction' : 'percent', smallest, largest }
}

function timeCandidate(path: string, values: readonly unknown[]): TimeCandidate | undefined {
  const units = new Set(values.map(timeUnit))
  const [unit] = units
  return units.size === 1 && unit !== undefined ? { path, unit } : undefined
}

/** By the number of digits, for times from 2001 to 2286. */
function timeUnit(value: unknown): TimeUnit | undefined {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(value))
    return Number.isFinite(Date.parse(value)) ? 'iso' : undefined
  const number = numberIn(value)
  if (number === undefined || number < 1e9) return undefined
  const units = [
    ['s', 1e10],
    ['ms', 1e13],
    ['us', 1e16],
    ['ns', 1e19],
  ] as const
  const found = units.find(([, below]) => number < below)
  if (!found) return undefined
  const [unit, below] = found
  return number >= below / 10 ? unit : undefined
}

const SERIES = /^(?:host|hostname|host_name|node|nodename|instance|server|machine|device|pod|name)$/i

const lastKey = (path: string): string => /([^.[\]'"]+)[\]'"]*$/.exec(path)?.[1] ?? path

/** How much a path sounds like the CPU usage. */
function cpuRank(path: string): number {
  const has = (words: RegExp) => (words.test(path) ? 1 : 0)
  return (
    4 * has(/cpu|processor/i) +
    2 * has(/pct|percent|usage|util|load|busy|active/i) +
    has(/total|all|norm/i) -
    3 * has(/idle|iowait|steal|nice|irq|core|count|mem|disk|temp|version|id\b/i)
  )
}

function timeRank(path: string): number {
  const key = lastKey(path)
  return (/time|^ts$|date|at$|@/i.test(key) ? 2 : 0) - (/start|boot|created|ingest/i.test(path) ? 1 : 0)
}
