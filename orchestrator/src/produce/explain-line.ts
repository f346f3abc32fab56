import { shown } from '../table/shown.ts'
import { unitOf } from '../table/time-unit.ts'
import { MAX_LINE_BYTES } from './sample.ts'

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const DATE = /^\d{4}-\d\d-\d\d|^\d{1,2}[/.]\d{1,2}[/.]\d{2,4}/

const SEPARATORS = [
  [';', 'a semicolon'],
  ['\t', 'a tab'],
  ['|', 'a bar'],
] as const

/** Why a line is not a sample, with its number, the column and what was expected there. */
export function explainLine(number: number, line: string): string {
  const why = explain(line)
  return `line ${number}${why.startsWith('column') ? ',' : ''} ${why}`
}

function explain(line: string): string {
  if (line.trim() === '') return 'is blank'
  if (/\r./s.test(line)) return 'has a carriage return in it; lines must end in LF or CRLF'
  if (Buffer.byteLength(line) > MAX_LINE_BYTES) return 'has more than 1 KiB'
  if (/^\s*[[{]/.test(line)) return 'looks like JSON; expected time_millis,cpu'
  if (line.includes('\ufffd')) return 'is not UTF-8'
  const fields = line.split(',').map(trim)
  const quoted = fields.findIndex((field) => field.startsWith('"'))
  if (quoted >= 0)
    return `column ${quoted + 1}: ${shown(fields[quoted]?.replaceAll('"', ''))} is in quotes; expected a plain number`
  const [time = '', cpu = ''] = fields
  const separator = explainSeparator(time)
  if (separator) return separator
  if (/\S {2,}\S/.test(time))
    return 'is separated by spaces; expected a comma, and a decimal point in numbers'
  if (fields.length !== 2)
    return `has ${fields.length === 1 ? '1 column' : `${fields.length} columns`} (${shown(line)}); expected 2, time_millis and cpu`
  return explainTime(time) ?? explainCpu(cpu)
}

function explainSeparator(beforeComma: string): string | undefined {
  const found = SEPARATORS.find(([separator]) => beforeComma.includes(separator))
  return found && `is separated by ${found[1]}; expected a comma, and a decimal point in numbers`
}

function explainTime(time: string): string | undefined {
  const problem = () => {
    if (DATE.test(time)) return 'is a date; expected milliseconds since 1970'
    if (time.startsWith('-')) return 'is a time before 1970'
    if (!/^\d+$/.test(time)) return 'is not a whole number; expected milliseconds since 1970'
    if (unitOf(time) !== undefined) return undefined
    return 'is not a time: milliseconds since 1970 have 13 digits (from September 2001 on)'
  }
  const found = problem()
  return found && `column 1: ${shown(time)} ${found}`
}

function explainCpu(cpu: string): string {
  const problem = DECIMAL.test(cpu) ? 'is too large' : 'is not a decimal number'
  return `column 2: ${shown(cpu)} ${problem}; expected percent, such as 13.64`
}

/** Without the whitespace that the job ignores. */
const trim = (field: string) => field.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '')
