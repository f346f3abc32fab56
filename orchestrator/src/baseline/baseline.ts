/** What is normal for the windows of a series that start in an hour of the week, in percent. */
export interface Normal {
  /** Null: for all series. */
  readonly series: string | null
  /** 0 to 167, from Monday 00:00 in the baseline's time zone. Null: for all hours. */
  readonly hourOfWeek: number | null
  readonly mean: number
  readonly stddev: number
}

export interface Baseline {
  /** A name such as Europe/Berlin. */
  readonly timezone: string
  readonly normals: readonly Normal[]
}

export const HOURS_OF_WEEK = 168
export const HEADER = ['series', 'hour_of_week', 'mean', 'stddev'] as const

export const firstLine = (timezone: string): string => `# cpu-anomaly baseline 1, timezone=${timezone}`
