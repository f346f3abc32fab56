import { parse } from 'dotenv'
import { disguisedSetting } from './near-keys.ts'
import { isOwnKey } from './settings.ts'

/** What the text of a `.env` file sets, and where it does not say what it seems to say. */
export interface EnvText {
  readonly values: Readonly<Record<string, string>>
  /** Lines that seem to set one of our settings, but do not; values of secrets are not shown. */
  readonly problems: readonly string[]
  /** What is odd, with the value that counts. */
  readonly warnings: readonly string[]
}

interface Assignment {
  readonly key: string
  /** Counted from 1. */
  readonly line: number
  /** What follows the `=`, up to the end of the value's last line. */
  readonly written: string
  readonly value: string
}

const ASSIGNMENT = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)(.*)$/s

/**
 * Reads the text of a `.env` file; `path` is its name in messages. dotenv reads each value, but drops what it does not
 * understand. Keys of other tools are theirs: they may be written in any way.
 */
export function parseEnvText(text: string, path: string): EnvText {
  const assignments: Assignment[] = []
  const problems: string[] = []
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  for (let index = 0; index < lines.length; index += 1) {
    const line = index + 1
    const key = lines[index]?.match(ASSIGNMENT)?.[1]
    if (key === undefined) {
      problems.push(...strayText(lines[index] ?? '', `${path}, line ${line}`))
      continue
    }
    const last = isOwnKey(key) ? index : lastLineOfValue(lines, index)
    const entry = lines.slice(index, last + 1).join('\n')
    const written = (entry.match(ASSIGNMENT)?.[2] ?? '').trim()
    assignments.push({ key, line, written, value: parse(entry)[key] ?? '' })
    index = last
  }
  const own = assignments.filter(({ key }) => isOwnKey(key))
  return {
    values: Object.fromEntries(assignments.map(({ key, value }) => [key, value])),
    problems: [...problems, ...own.flatMap((assignment) => quoteProblem(assignment, path))],
    warnings: [...repeatedKeys(own, path), ...own.flatMap((assignment) => cutValue(assignment, path))],
  }
}

/** Keys of other tools may have values of several lines, in quotes, such as a certificate. */
function lastLineOfValue(lines: readonly string[], index: number): number {
  const [, , written = ''] = lines[index]?.match(ASSIGNMENT) ?? []
  const quote = written.trim()[0] ?? ''
  if (!isQuote(quote) || closes(written.trim(), quote)) return index
  const last = lines.findIndex((line, other) => other > index && line.includes(quote))
  return last < 0 ? index : last
}

const isQuote = (text: string) => text !== '' && `'"\``.includes(text)

const closes = (written: string, quote: string) => written.indexOf(quote, 1) > 0

/** A line that is neither blank, nor a comment, nor `KEY=value`, although it names one of our settings. */
function strayText(line: string, where: string): string[] {
  const disguised = disguisedSetting(line.match(/^\s*(?:export\s+)?([^\s#=][^=]*?)\s*=/)?.[1] ?? '')
  if (disguised) return [`${where}: ${disguised}`]
  const words = line.trim().startsWith('#') ? [] : line.split(/[^\w.]+/)
  const key = words.find(isOwnKey)
  return key === undefined ? [] : [`${where}: does not set ${key}; write ${key}=value`]
}

function quoteProblem({ key, line, written }: Assignment, path: string): string[] {
  const quote = written[0] ?? ''
  if (!isQuote(quote)) return []
  const where = `${path}, line ${line}: ${key}`
  if (!closes(written, quote))
    return [`${where} begins with ${quote}, which the line does not close; close it on the same line`]
  return /^(?:'[^']*'|"(?:\\"|[^"])*"|`[^`]*`)\s*(?:#.*)?$/.test(written)
    ? []
    : [
        `${where} has text behind its closing ${quote}; put the whole value in quotes that it does not contain`,
      ]
}

function repeatedKeys(assignments: readonly Assignment[], path: string): string[] {
  return assignments.flatMap(({ key, line }, index) => {
    const before = assignments.slice(0, index).findLast((other) => other.key === key)
    return before
      ? [`${path}: ${key} is set on line ${before.line} and again on line ${line}; the last one counts`]
      : []
  })
}

/** A `#` begins a comment, also without a space before it. */
function cutValue({ key, line, written }: Assignment, path: string): string[] {
  const where = `${path}, line ${line}: ${key}`
  if (isQuote(written[0] ?? ''))
    return written.startsWith('"') && /\\"/.test(written)
      ? [`${where} keeps the backslash before the quote; write it without, in single quotes`]
      : []
  return /^(?:#\S|[^#]*[^\s#]#)/.test(written)
    ? [
        `${where} ends before the #, which begins a comment; put the value in single quotes if it is part of it`,
      ]
    : []
}

/** A line of `.env` that sets the key to exactly this value; undefined if no way of quoting can express it. */
export function envLine(key: string, value: string): string | undefined {
  return ['', "'", '"', '`']
    .map((quote) => `${key}=${quote}${value}${quote}`)
    .find((line) => {
      const { values, problems, warnings } = parseEnvText(line, '')
      return values[key] === value && problems.length === 0 && warnings.length === 0
    })
}
