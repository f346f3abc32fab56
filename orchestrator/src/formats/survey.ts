import { COUNTER_ADVICE, type CounterKind } from './advice.ts'
import { type Candidates, candidatesOf } from './candidates.ts'
import type { InputFormat } from './names.ts'
import { EMPTY, recognise } from './recognise.ts'
import type { Remark, SeenRecord } from './sighting.ts'

/** Records that look alike. */
interface Kind {
  readonly name: string
  readonly format: InputFormat | undefined
  readonly records: number
  readonly advice: string | undefined
}

/** What some records of a topic look like. */
export interface Survey {
  readonly records: number
  /** The most frequent first. */
  readonly kinds: readonly Kind[]
  readonly samples: number
  readonly smallest: number
  readonly largest: number
  /** What GROUP_BY=key would tell apart. */
  readonly series: ReadonlySet<string>
  readonly remarks: ReadonlySet<Remark>
  readonly counters: ReadonlySet<CounterKind>
  /** Of JSON in no known shape; undefined if there is none. */
  readonly candidates: Candidates | undefined
}

export function surveyRecords(records: readonly SeenRecord[]): Survey {
  const seen = records.map((record) => ({ ...recognise(record), record }))
  const kinds = new Map<string, Kind>()
  for (const { name, format, advice, counter } of seen)
    kinds.set(name, {
      name,
      format,
      records: (kinds.get(name)?.records ?? 0) + 1,
      advice: advice ?? (counter && COUNTER_ADVICE[counter]),
    })
  const samples = seen.flatMap((sighting) =>
    sighting.samples.map(({ cpu, series }) => ({ cpu, series: series ?? String(sighting.record.key ?? '') })),
  )
  const documents = seen.filter(({ json }) => json !== undefined).map(({ json }) => json)
  const cpus = samples.map(({ cpu }) => cpu)
  const largest = cpus.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const isFraction = largest <= 1 && cpus.some((cpu) => cpu > 0)
  return {
    records: records.length,
    kinds: [...kinds.values()].sort((a, b) => b.records - a.records),
    samples: samples.length,
    smallest: cpus.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    largest,
    series: new Set(samples.map(({ series }) => series)),
    remarks: new Set([
      ...seen.flatMap(({ remarks }) => remarks),
      ...(isFraction ? (['fractions'] as const) : []),
    ]),
    counters: new Set(seen.flatMap(({ counter }) => counter ?? [])),
    candidates: documents.length > 0 ? candidatesOf(documents) : undefined,
  }
}

/** Less than this share of other records is noise, which becomes dead letters. */
const NEARLY_ALL = 0.9

/** The format that nearly all records have, whether the job can use them or not; undefined if there is none. */
export function commonFormat({ kinds, records }: Survey): InputFormat | undefined {
  const empty = kinds.find(({ name }) => name === EMPTY)?.records ?? 0
  const counts = new Map<InputFormat, number>()
  for (const { format, records: count } of kinds)
    if (format) counts.set(format, (counts.get(format) ?? 0) + count)
  return [...counts].find(([, count]) => count >= NEARLY_ALL * (records - empty))?.[0]
}
