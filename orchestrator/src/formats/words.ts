import { COUNTER_ADVICE } from './advice.ts'
import type { Candidates } from './candidates.ts'
import type { InputFormat } from './names.ts'
import type { Remark } from './sighting.ts'
import { commonFormat, type Survey } from './survey.ts'

const REMARKS: Readonly<Record<Remark, string>> = {
  'single cores': 'those of single cores are skipped',
  'other metrics': 'other metrics are skipped',
  'no CPU usage': 'some have no CPU usage',
  'whole seconds': 'times are whole seconds',
  fractions: 'the values look like fractions, but count as percent',
}

/** What is in the topic, in one line: kinds with their numbers, values, series. */
export function surveyLine(survey: Survey): string {
  const { kinds, records, samples, smallest, largest, series, remarks } = survey
  const seen = kinds.map(({ name, records: count }) => `${name}: ${count}`)
  const [first = ''] = seen
  const counted = [`${first} of ${records} records`, ...seen.slice(1)].join(', ')
  const found =
    samples === 0
      ? ['no sample in them']
      : [range(smallest, largest), `GROUP_BY=key would give ${series.size} series`]
  return [counted, ...[...remarks].map((remark) => REMARKS[remark]), ...found].join('; ')
}

/** What these values of a CPU, in percent, range from and to. */
export const rangeText = (cpus: readonly number[]): string =>
  range(
    cpus.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    cpus.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  )

const range = (smallest: number, largest: number): string =>
  `CPU usage from ${short(smallest)} to ${short(largest)} %`

const short = (number: number): string => String(Number(number.toFixed(2)))

/** Why `auto` cannot choose a format, and what to do. */
export interface Refusal {
  readonly what: string
  readonly hint: string
}

/** The format that `auto` chooses, or why it chooses none. */
export function chooseFormat(survey: Survey): { readonly format: InputFormat } | Refusal {
  const format = commonFormat(survey)
  if (survey.records === 0)
    return {
      what: 'the topic has no records yet',
      hint: 'Start the agent that writes them and submit again, or set INPUT_FORMAT to the format that will come.',
    }
  if (format && survey.samples > 0) return { format }
  return { what: surveyLine(survey), hint: adviceLines(survey, format).join('\n') }
}

/** What to do about records that the job cannot use, a line each. */
export function adviceLines(survey: Survey, format: InputFormat | undefined): string[] {
  const counters = [...survey.counters].map((counter) => COUNTER_ADVICE[counter])
  const advice = survey.kinds.flatMap((kind) => kind.advice ?? []).filter((line) => !counters.includes(line))
  const lines = [...counters, ...new Set(advice)].map((line) => `${line[0]?.toUpperCase()}${line.slice(1)}.`)
  if (format && lines.length === 0)
    return [
      `None of these records has the CPU usage of a whole machine. If such records will come, set INPUT_FORMAT=${format}.`,
    ]
  const formats = new Set(survey.kinds.flatMap((kind) => kind.format ?? []))
  if (!format && formats.size > 0)
    lines.push(
      `To read one of several formats, set INPUT_FORMAT=${[...formats].join(' or ')}: what is of another one becomes a dead letter.`,
    )
  return [...lines, ...(survey.candidates && !format ? jsonAdvice(survey.candidates) : [])]
}

/** The settings that would read JSON in no known shape, as far as they can be guessed. */
export function jsonAdvice({ cpus, times, series }: Candidates): string[] {
  const [cpu] = cpus
  if (!cpu)
    return [
      'No field of this JSON is a number from 0 to 100 in all records: what holds the CPU usage is not in them.',
    ]
  const [time] = times
  const others = cpus
    .slice(1, MAX_OTHERS + 1)
    .map(({ path, smallest, largest }) => `${path} (${short(smallest)} to ${short(largest)})`)
  return [
    'This JSON has no known shape. If these are its fields, set:',
    'INPUT_FORMAT=json',
    ...(time ? [`INPUT_TIME=${time.path}`, `INPUT_TIME_UNIT=${time.unit}`] : ['INPUT_TIME_UNIT=record']),
    `INPUT_CPU=${cpu.path}`,
    `INPUT_CPU_UNIT=${cpu.unit}`,
    ...(series[0] ? [`INPUT_SERIES=${series[0]}`] : []),
    ...(others.length > 0 ? [`Other numbers from 0 to 100: ${others.join(', ')}`] : []),
  ]
}

const MAX_OTHERS = 5
