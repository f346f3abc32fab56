import type { CounterKind } from './advice.ts'
import type { InputFormat } from './names.ts'

/** One record of the input topic. */
export interface SeenRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly timestampMs: number
}

/** A sample that a record holds, as far as it is needed to say something about it. */
export interface SeenSample {
  /** In percent. */
  readonly cpu: number
  /** What the format itself names the series; undefined: the record's key does. */
  readonly series: string | undefined
}

/** What a record holds, besides samples. */
export type Remark =
  | 'single cores'
  | 'other metrics'
  | 'no CPU usage'
  | 'whole seconds'
  /** A `csv` whose values are all from 0 to 1. */
  | 'fractions'

/** What one record looks like. */
export interface Sighting {
  /** What it is called: `telegraf (influx line protocol)`. */
  readonly name: string
  /** Undefined: no format that the job reads. */
  readonly format?: InputFormat
  readonly samples: readonly SeenSample[]
  readonly remarks: readonly Remark[]
  /** It counts CPU time in place of measuring a share: the job cannot use it. */
  readonly counter?: CounterKind
  /** Why the format is not read, and what to do. */
  readonly advice?: string
  /** Of JSON in no known shape, the document. */
  readonly json?: unknown
}
