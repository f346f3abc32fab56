import type { TimeUnit } from './time-unit.ts'

/** What a person says about a table; the rest is recognized. */
export interface TableOptions {
  /** A column's name, or its number, counted from 1. */
  readonly time?: string | undefined
  readonly cpu?: string | undefined
  readonly series?: string | undefined
  /** Of times that say none; UTC by default. */
  readonly timezone?: string | undefined
  /** Of times that are numbers; by default what their number of digits says. */
  readonly timeUnit?: TimeUnit | undefined
  /** `idle`: the CPU column is the time that the CPU was idle. By default its name decides. */
  readonly from?: 'usage' | 'idle' | undefined
}
