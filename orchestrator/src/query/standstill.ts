import type { DriverEvent } from './driver-log.ts'

/** The running driver leaves records unread without a commit. */
export interface Standstill {
  /** For how long, when the driver last logged it. */
  readonly seconds: number
  readonly unread: number
}

/** Undefined if a batch has been committed since, or the driver was started again. */
export function standstillOf(events: readonly DriverEvent[]): Standstill | undefined {
  const last = events.findLast(({ name }) => ['standstill', 'progress', 'started'].includes(name))
  if (last?.name !== 'standstill') return undefined
  return { seconds: Number(last.fields.seconds), unread: Number(last.fields.unread) }
}

export const standstillText = ({ seconds, unread }: Standstill): string =>
  `no batch has been committed for ${seconds} s, and ${unread.toLocaleString('en')} records are unread (\`cpu-anomaly logs driver\`)`
