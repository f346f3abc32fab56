import type { TimeUnit } from './time-unit.ts'

/** What a column's name says about it, in the words of the tools that write such files. */

const TIME =
  /^(?:@?time ?stamps?|_?time|date ?time|date|ts|epoch|(?:unix|event|sample) ?time(?: ?stamp)?|(?:time|time ?stamp|epoch) (?:millis|ms|s|sec|seconds|us|ns|utc|local)|utc|period ?start|start ?time)$/
/** The first column of typeperf and perfmon; the number is how many minutes UTC is ahead. */
const PERFMON_TIME = /^\(pdh-csv [\d.]+\).*\((-?\d+)\)$/i
const SERIES =
  /^(?:host|host ?name|container|container ?(?:name|id)|instance|instance ?(?:id|name)|series|node|node ?name|server|server ?name|machine|machine ?name|computer|computer ?name|vm|vm ?name|pod|pod ?name|service|name|resource|key)$/
const CORE = /^(?:cpu|core|processor|(?:cpu|core|processor) (?:id|no|num|number))$/
const INDEX = /^(?:|#|index|idx|id|no|nr|row|unnamed: ?0)$/
/** Measures something else, or only a part of the use. */
const OTHER =
  /\b(?:mem|memory|disk|net|network|swap|bytes?|kb|kib|mb|gb|temp|temperature|latency|interval|load\d*|gpu|rpm|credits?|ready|pressure|free|available|usr|user|sys|nice|iowait|wait|wai|steal|irq|hiq|soft|siq|softirq|guest|gnice|kernel|privileged|interrupts?|dpc|cores?|count|samplecount|minimum|maximum|min|max|sum|limit|requests?|capacity|quota|throttled|seconds|ms|mhz|ghz|millicores|mcores|ticks|jiffies|pid|port|ppid)\b/
const COUNTER = /\bseconds total\b|\bcpu time\b|\bticks\b|\bjiffies\b/
const SHARE =
  /(?:%|\b(?:percent|percentage|pct|perc|usage|use|used|util|utilization|utilisation|busy|active|p)\b)/
const GENERAL =
  /^(?:usage|value|average|avg|mean|percent|percentage|pct|%|util|utilization|utilisation|used|busy)$/
/** With words that say no more: `mean_usage_idle` of Telegraf, `CPU Idle Average`. */
const IDLE =
  /^(?=.*\bidle?\b)(?:(?:idle?|%|percent|percentage|pct|p|cpu|processor|usage|time|avg|average|mean|median|total|all) ?)+$/

/** In lower case, without a unit in brackets, with one blank between words: `CPUUtilization` is `cpu utilization`. */
const wordsOf = (name: string): string =>
  name
    .replace(/^\\\\[^\\]+\\/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replace(/cpu|%/g, ' $& ')
    .replace(/[^a-z0-9%@#:]+/g, ' ')
    .trim()

const withoutUnit = (name: string): string => name.replace(/\s*[[(][^\])]*[\])]\s*$/, '')

export const isTimeName = (name: string): boolean =>
  PERFMON_TIME.test(name) || TIME.test(wordsOf(withoutUnit(name)))
export const isSeriesName = (name: string): boolean => SERIES.test(wordsOf(name))
export const isCoreName = (name: string): boolean => CORE.test(wordsOf(name))
export const isIndexName = (name: string): boolean => INDEX.test(name.trim().toLowerCase())
/** Idle time that `isIdleName` does not know, such as its maximum, is something else, too. */
export const isOtherName = (name: string): boolean =>
  isPart(wordsOf(name)) || (/\bidle\b/.test(wordsOf(name)) && !isIdleName(name))
export const isCounterName = (name: string): boolean => COUNTER.test(wordsOf(name))
export const isTotalName = (name: string): boolean => /\btotal\b/.test(wordsOf(name))
export const isIdleName = (name: string): boolean => IDLE.test(wordsOf(name))

/** How far clock times are ahead of UTC, in minutes, if the name of their column says so. */
export function perfmonOffset(name: string): number | undefined {
  const [, behind] = PERFMON_TIME.exec(name) ?? []
  return behind === undefined ? undefined : -Number(behind)
}

/** How well a name fits the use of the CPU, 1 the best; undefined if it does not. */
export function cpuRank(name: string): number | undefined {
  const words = wordsOf(name)
  if (isIdleName(name)) return 3
  if (GENERAL.test(words)) return 4
  if (words === 'cpu' || words === 'cpu total') return 2
  const isOfCpu = /\b(?:cpu|processor)\b/.test(words) || words === 'usage active'
  const isOneCore = /\b(?:cpu|processor|core) \d+\b/.test(words)
  const isUse = SHARE.test(words) && !isOneCore && !isOtherName(name)
  return isOfCpu && isUse ? 1 : undefined
}

/** `% Processor Time` is the use, and `system.cpu.total.pct` not that of the kernel. */
const isPart = (words: string): boolean =>
  OTHER.test(words) || /.\bsystem\b|^system$/.test(words) || (/\btime\b/.test(words) && !words.includes('%'))

/** The unit of time that a name ends with: `Timestamp [ms]`, `time_millis`. */
export function namedUnit(name: string): TimeUnit | undefined {
  const [, word = ''] =
    /[^a-z](ms|millis|milliseconds|s|sec|seconds|us|micros|ns|nanos)\W*$/i.exec(name) ?? []
  const units: Readonly<Record<string, TimeUnit>> = { m: 'ms', s: 's', u: 'us', n: 'ns' }
  return /^micro/i.test(word) ? 'us' : units[word.slice(0, 1).toLowerCase()]
}

/** Is the first line of a file a header that names something else than the CPU usage beside the time? */
export function isOtherHeader(line: string): boolean {
  const fields = line.split(',').map(unquoted)
  const [time = '', cpu = ''] = fields
  if (fields.length > 2 || !isTimeName(time)) return fields.some(isIdleName)
  return isIdleName(cpu) || cpuRank(cpu) === undefined
}

const unquoted = (field: string): string => field.trim().replace(/^\ufeff?"(.*)"$/, '$1')
