import { isAbsolute } from 'node:path'

/** A parser turns a setting's text into its value, or throws a Problem: what is wrong, and how to fix it. */
export type Parser<T> = (text: string) => T

export class Problem extends Error {
  constructor(what: string, fix: string) {
    super(`${what}; ${fix}`)
    this.name = 'Problem'
  }
}

const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/

/** A finite decimal number. */
export const decimal: Parser<number> = (text) => {
  const number = Number(text)
  if (DECIMAL.test(text) && Number.isFinite(number)) return number
  const repaired = text.replace(',', '.').replace(/[%_\s]/g, '')
  const suggestion =
    DECIMAL.test(repaired) && Number.isFinite(Number(repaired))
      ? ` such as ${Number(repaired)}`
      : ' such as 14.5'
  throw new Problem('not a decimal number', `write one${suggestion}`)
}

/** As for the samples (`LARGEST_CPU` in guard.py): with larger numbers, or deviations near 0, a score may be infinite. */
const LARGEST = 1e150

export const normalMean: Parser<number> = (text) => {
  const mean = decimal(text)
  if (Math.abs(mean) <= LARGEST) return mean
  throw new Problem(`beyond ${LARGEST}, where scores are not finite`, 'write one such as 14.5')
}

export const normalStddev: Parser<number> = (text) => {
  const stddev = DECIMAL.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(stddev) || stddev <= 0)
    throw new Problem('not a finite number above 0', 'write one such as 2.7')
  if (stddev >= 1 / LARGEST && stddev <= LARGEST) return stddev
  throw new Problem(`not from 1e-150 to ${LARGEST}, where scores are finite`, 'write one such as 2.7')
}

/** A floor for a deviation. */
export const minDeviation: Parser<number> = (text) => {
  const floor = DECIMAL.test(text) ? Number(text) : Number.NaN
  if (floor >= 1e-6 && floor <= 1e6) return floor
  throw new Problem('not a number from 0.000001 to 1000000', 'write one such as 0.1')
}

export function integer(min: number, max: number, example = Math.max(min, 1)): Parser<number> {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && number >= min && number <= max) return number
    throw new Problem(`not a whole number from ${min} to ${max}`, `write one such as ${example}`)
  }
}

export const port = integer(1, 65_535, 19_093)

export function oneOf<const T extends string>(...choices: readonly T[]): Parser<T> {
  return (text) => {
    const match = choices.find((choice) => choice.toLowerCase() === text.toLowerCase())
    if (match) return match
    throw new Problem('not one of the choices', `write one of ${choices.join(', ')}`)
  }
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1, msec: 1, millis: 1, millisecond: 1, milliseconds: 1,
  s: 1_000, sec: 1_000, second: 1_000, seconds: 1_000,
  m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000,
  h: 3_600_000, hour: 3_600_000, hours: 3_600_000,
  d: 86_400_000, day: 86_400_000, days: 86_400_000,
} // biome-ignore format: a table

/** In days if it is several whole days, else in hours: `365 days`, `24 hours`, `1 hour`. */
function spanText(ms: number): string {
  const days = ms / 86_400_000
  if (Number.isInteger(days) && days > 1) return `${days} days`
  return ms === 3_600_000 ? '1 hour' : `${ms / 3_600_000} hours`
}

/** A length of time with its unit, in whole milliseconds. */
export function duration(minMs: number, maxMs = 365 * 86_400_000): Parser<number> {
  return (text) => {
    const [, amount, unit] = text.match(/^(\d+(?:\.\d+)?)\s*([a-z]+)$/i) ?? []
    const unitMs = unit && UNIT_MS[unit.toLowerCase()]
    if (!amount || !unitMs)
      throw new Problem(
        'not a duration',
        'write a positive number with a unit, such as 500 milliseconds or 10 seconds',
      )
    const exact = Number(amount) * unitMs
    const ms = Math.round(exact) // 2.01 s are 2009.9999999999998 ms
    if (!(Math.abs(exact - ms) < 1e-6))
      throw new Problem('not a whole number of milliseconds', 'write one such as 500 milliseconds')
    if (ms < minMs) throw new Problem(`shorter than ${minMs} ms`, `write at least ${minMs} ms`)
    if (ms > maxMs) throw new Problem(`longer than ${spanText(maxMs)}`, 'write a shorter one')
    return ms
  }
}

const HOST = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)$/

/** Kafka's bootstrap servers: `host:port`, comma-separated. */
export const servers: Parser<readonly string[]> = (text) =>
  text.split(',').map((raw, index) => {
    const entry = raw.trim()
    if (entry === '')
      throw new Problem(`entry ${index + 1} is empty`, 'write host:port entries, separated by single commas')
    const where = `entry ${index + 1} (${entry})`
    if (entry.includes('://'))
      throw new Problem(`${where} has a scheme`, `write ${entry.replace(/^.*:\/\//, '')}`)
    if (entry.includes('@'))
      throw new Problem(`entry ${index + 1} has a login`, 'set KAFKA_USERNAME and KAFKA_PASSWORD instead')
    if (entry.includes(' ')) throw new Problem(`${where} has a blank`, 'separate entries by commas')
    const split = entry.lastIndexOf(':')
    const host = split < 0 ? entry : entry.slice(0, split)
    const number = split < 0 ? '' : entry.slice(split + 1)
    if (!HOST.test(host)) throw new Problem(`${where} has no host`, 'write host:port, such as localhost:9093')
    if (number === '') throw new Problem(`${where} has no port`, `write host:port, such as ${host}:9093`)
    if (!isPort(number))
      throw new Problem(`${where} has no port from 1 to 65535`, `write host:port, such as ${host}:9093`)
    return entry
  })

export const topic: Parser<string> = (text) => {
  if (text.startsWith('__'))
    throw new Problem('begins as the internal topics of Kafka do', 'leave out the __')
  if (/^[A-Za-z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..') return text
  throw new Problem(
    `not a topic name${text.length > 249 ? ` (${text.length} characters)` : ''}`,
    'use 1 to 249 of the characters A-Z a-z 0-9 . _ -, but not . or .. alone',
  )
}

/** The memory of a JVM, in Spark's notation, in whole gigabytes if it is. */
export const memory: Parser<string> = (text) => {
  const [, amount, unit] = text.match(/^(\d+)([mg])b?$/i) ?? []
  const megabytes = Number(amount) * (unit?.toLowerCase() === 'g' ? 1024 : 1)
  if (unit && megabytes >= 512 && megabytes <= 1_048_576)
    return megabytes % 1024 === 0 ? `${megabytes / 1024}g` : `${megabytes}m`
  throw new Problem('not a memory size from 512m to 1024g', 'write one such as 1g or 1536m')
}

export const image: Parser<string> = (text) => {
  if (
    /^[a-z0-9]([a-z0-9._/:-]*[a-z0-9])?(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/.test(
      text,
    )
  )
    return text
  throw new Problem('not an image name', 'write one such as apache/kafka:4.3.1')
}

/** The master of the user's own Spark cluster. */
export const sparkMaster: Parser<string> = (text) => {
  if (text === 'yarn') return text
  if (text.startsWith('local'))
    throw new Problem(
      'the Spark that this tool starts has no master to name',
      'leave it empty, and set SPARK_CORES for the number of cores',
    )
  if (text.toLowerCase() === 'yarn') throw new Problem('not a master that Spark knows', 'write yarn')
  if (/^spark:\/\/.*,\s*spark:\/\//.test(text))
    throw new Problem(
      'names the scheme more than once',
      'write spark://host:7077,host:7077 for several masters',
    )
  const forms = 'write spark://host:7077, k8s://https://host:6443 or yarn'
  if (/^(spark|k8s):\/\//.test(text)) {
    if (MASTERS.test(text) && (text.match(/:\d+(?=[,/]|$)/g) ?? []).every((port) => isPort(port.slice(1))))
      return text
    throw new Problem('the host or the port (1 to 65535) of the master is missing or wrong', forms)
  }
  throw new Problem('not a master that Spark knows', forms)
}

const MASTERS =
  /^(?:spark:\/\/[\w.-]+:\d+(?:,[\w.-]+:\d+)*|k8s:\/\/(?:https?:\/\/)?[\w.-]+(?::\d+)?(?:\/[\w.~/-]*)?)$/

/** From 1 to 65535, in digits. */
export const isPort = (text: string): boolean =>
  /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535

/** Any text without a line break or a NUL byte. */
export const text: Parser<string> = (value) => {
  if (!/[\0\r\n]/.test(value)) return value
  throw new Problem('contains a line break or a NUL byte', 'write it on one line')
}

export const absolutePath: Parser<string> = (value) => {
  if (isAbsolute(value)) return text(value)
  throw new Problem('not an absolute path', 'write the full path of the PEM file')
}

const mechanism = oneOf('PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512')
export const saslMechanism: typeof mechanism = (value) => {
  if (/^(?:GSSAPI|OAUTHBEARER|AWS_MSK_IAM)$/i.test(value))
    throw new Problem(
      'Kerberos, OAuth and IAM are not supported',
      'use a SCRAM user (SCRAM-SHA-256, SCRAM-SHA-512), PLAIN, or a client certificate (KAFKA_SSL_CERT)',
    )
  return mechanism(value)
}

export const offsets = oneOf('earliest', 'latest')
