import { duration, Problem } from '../config/parsers.ts'
import { CliError } from '../errors.ts'
import { parseTime } from '../kafka/position.ts'
import { METHODS, type Method, type Request } from './protocol.ts'

/** The flags of `calibrate` that say what to compute, as they were written. */
export interface OptionTexts {
  readonly since?: string
  readonly exclude?: readonly string[]
  readonly by?: readonly string[]
  readonly timezone?: string
  readonly target?: string
  readonly method?: string
}

export type Options = Omit<Request, 'file' | 'file_has_series' | 'min_deviation' | 'check'> & {
  /** Undefined: the recommended one. */
  readonly method: Method | undefined
}

const TIMES = 'Write times such as 2026-01-31T08:00 (local) or 2026-01-31T08:00:00Z.'
const DEFAULT_TARGET = '1%,0.1%'
const DIMENSIONS = ['key', 'hour-of-week'] as const

/** @throws CliError USAGE for the first flag that cannot be understood. */
export function parseOptions(texts: OptionTexts, nowMs = Date.now()): Options {
  const by = parseBy(texts.by ?? [])
  const [warn, error] = parseTarget(texts.target ?? DEFAULT_TARGET)
  return {
    since_ms: texts.since === undefined ? null : parseSince(texts.since, nowMs),
    exclude: (texts.exclude ?? []).map(parseRange),
    by_key: by.has('key'),
    by_hour: by.has('hour-of-week'),
    timezone: parseTimezone(texts.timezone),
    warn_share: warn,
    error_share: error,
    method: parseMethod(texts.method, texts.target),
  }
}

/** A time, or how long ago. */
function parseSince(text: string, nowMs: number): number {
  const timeMs = parseTime(text) ?? ago(text, nowMs)
  if (timeMs === undefined)
    throw usage(`--since ${text}: neither a time nor a duration`, `${TIMES} Or how long ago: 7 days.`)
  if (timeMs > nowMs) throw usage(`--since ${text}: in the future: ${new Date(timeMs).toISOString()}`, TIMES)
  return timeMs
}

function ago(text: string, nowMs: number): number | undefined {
  try {
    return nowMs - duration(1, 10 * 365 * 86_400_000)(text)
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

function parseRange(text: string): readonly [number, number] {
  const [from = '', to = '', ...more] = text.split('..')
  const [fromMs, toMs] = [parseTime(from), parseTime(to)]
  if (fromMs === undefined || toMs === undefined || more.length > 0)
    throw usage(`--exclude ${text}: not FROM..TO`, TIMES)
  if (fromMs >= toMs) throw usage(`--exclude ${text}: ends before it begins`, 'Write the earlier time first.')
  return [fromMs, toMs]
}

function parseBy(texts: readonly string[]): ReadonlySet<string> {
  const names = texts.flatMap((text) => text.split(',')).map((name) => name.trim())
  const unknown = names.find((name) => !(DIMENSIONS as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw usage(`--by ${unknown}: unknown`, `Use ${DIMENSIONS.join(', ')} or both, separated by a comma.`)
  return new Set(names)
}

/** By default that of this machine. */
function parseTimezone(text = Intl.DateTimeFormat().resolvedOptions().timeZone): string {
  try {
    // `Intl` accepts names in any case, Java does not.
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    throw usage(`--timezone ${text}: unknown time zone`, 'Use a name such as Europe/Berlin or UTC.')
  }
}

/** `1%`, `0.01` or two of them: the share of windows that may be WARN, and that of ERROR, by default a tenth of it. */
function parseTarget(text: string): readonly [number, number] {
  const parts = text.split(',')
  const [warn = Number.NaN, error = warn / 10] = parts.map(parseShare)
  if (parts.length > 2 || ![warn, error].every((share) => share >= 0 && share < 1))
    throw usage(
      `--target ${text}: not a share of windows`,
      'Use one such as 1% or 0.01, or two (WARN,ERROR) such as 1%,0.1%.',
    )
  if (error > warn)
    throw usage(
      `--target ${text}: more ERROR than WARN`,
      'Write the share of WARN first, then that of ERROR.',
    )
  return [warn, error]
}

function parseShare(text: string): number {
  const [, number, percent] = text.trim().match(/^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/) ?? []
  return number === undefined ? Number.NaN : Number(number) / (percent ? 100 : 1)
}

/** Who names a target wants its pair. */
function parseMethod(text: string | undefined, target: string | undefined): Method | undefined {
  if (text === undefined) return target === undefined ? undefined : 'target'
  const method = METHODS.find((name) => name === text)
  if (!method) throw usage(`--method ${text}: unknown`, `Use one of ${METHODS.join(', ')}.`)
  if (target !== undefined && method !== 'target')
    throw usage(`--target has no effect with --method ${method}`, 'Leave one of them out.')
  return method
}

const usage = (message: string, hint: string) => new CliError('USAGE', message, { hint })
