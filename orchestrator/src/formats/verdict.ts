import { parseJsonPath, valueAt } from './json-path.ts'
import { numberIn } from './json-values.ts'
import type { CpuUnit, InputFormat, TimeUnit } from './names.ts'
import { EMPTY } from './recognise.ts'
import type { SeenRecord } from './sighting.ts'
import { type Survey, surveyRecords } from './survey.ts'
import { adviceLines, chooseFormat, jsonAdvice, rangeText, surveyLine } from './words.ts'

/** How the settings say that records are to be read. */
export interface Wanted {
  readonly format: InputFormat | 'auto'
  readonly time: string | undefined
  readonly timeUnit: TimeUnit
  readonly cpu: string | undefined
  readonly cpuUnit: CpuUnit
}

/** Do records fit the settings? In one line, and what to do if they do not. */
export interface Verdict {
  readonly fits: boolean
  readonly line: string
  readonly advice: readonly string[]
}

/** Fewer than these are not a topic of the format: the rest would be dead letters. */
const ENOUGH = 0.5

export function judgeRecords(records: readonly SeenRecord[], wanted: Wanted): Verdict {
  const survey = surveyRecords(records)
  if (wanted.format === 'json') return judgeJson(records, survey, wanted)
  const choice = chooseFormat(survey)
  const line = surveyLine(survey)
  if (wanted.format === 'auto')
    return 'format' in choice
      ? { fits: true, line, advice: [] }
      : { fits: false, line: choice.what, advice: choice.hint.split('\n') }
  const { format } = wanted
  const mine = survey.kinds.filter((kind) => kind.format === format)
  const count = mine.reduce((sum, { records: each }) => sum + each, 0)
  const fits = count > 0 && count >= ENOUGH * countOfValues(survey) && survey.samples > 0
  if (fits) return { fits, line, advice: [] }
  const advice =
    'format' in choice && choice.format !== format
      ? [`Set INPUT_FORMAT=${choice.format}; a checkpoint that exists needs \`submit --new-checkpoint\`.`]
      : count > 0 && survey.samples > 0
        ? [`What is not ${format} becomes a dead letter.`]
        : adviceLines(survey, count > 0 ? format : undefined)
  return { fits, line: `not ${format}: ${line}`, advice }
}

const countOfValues = ({ kinds, records }: Survey): number =>
  records - (kinds.find(({ name }) => name === EMPTY)?.records ?? 0)

function judgeJson(records: readonly SeenRecord[], survey: Survey, wanted: Wanted): Verdict {
  const documents = records.map(({ value }) => documentIn(value))
  const found = documents.flatMap((document) => sampleAt(document, wanted) ?? [])
  const paths = wanted.timeUnit === 'record' ? 'INPUT_CPU' : 'INPUT_TIME and INPUT_CPU'
  const fits = found.length > 0 && found.length >= ENOUGH * countOfValues(survey)
  const line = `json: ${found.length} of ${records.length} records have ${paths}`
  if (fits) return { fits, line: `${line}; ${rangeText(found)}`, advice: [] }
  const choice = chooseFormat(survey)
  const advice =
    'format' in choice
      ? [`${surveyLine(survey)}.`, `Set INPUT_FORMAT=${choice.format}, or other paths.`]
      : survey.candidates
        ? jsonAdvice(survey.candidates)
        : adviceLines(survey, undefined)
  return { fits, line, advice }
}

function documentIn(value: Buffer | null): unknown {
  try {
    return JSON.parse(String(value))
  } catch {
    return undefined
  }
}

/** The CPU usage in percent, if the document has that and a time; a path that only Spark can read leads nowhere. */
function sampleAt(document: unknown, { time, timeUnit, cpu, cpuUnit }: Wanted): number | undefined {
  const at = (path: string | undefined) => valueAt(document, parseJsonPath(path ?? '') ?? [''])
  const value = numberIn(at(cpu))
  const hasTime = timeUnit === 'record' || (at(time) ?? null) !== null
  if (value === undefined || !hasTime) return undefined
  return cpuUnit === 'fraction' ? 100 * value : value
}
