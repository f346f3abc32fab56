import type { Config, TriggerMode } from '../config/config.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import type { StoragePaths } from '../storage/paths.ts'
import { type StateFile, stateFile } from '../system/state-file.ts'

/** How the query was last submitted, for later commands: the settings may have changed since. */
export interface SubmittedQuery {
  readonly trigger: TriggerMode
  readonly reason: string
  /** Length of a batch in real-time mode. */
  readonly checkpointIntervalMs: number
  /** Undefined in a file of an earlier version. */
  readonly detector?: SubmittedDetector
}

/** By what the job judges. */
export type SubmittedDetector = Pick<
  Config['detector'],
  'normalMean' | 'normalStddev' | 'direction' | 'windowMs' | 'watermarkMs' | 'groupBy'
>

export const submittedFile = (storage: StoragePaths): StateFile<SubmittedQuery> =>
  stateFile<SubmittedQuery>(`${storage.run}/query.json`)

export const submittedQuery = (config: Config, { trigger, reason }: QueryPlan): SubmittedQuery => ({
  trigger,
  reason,
  checkpointIntervalMs: config.query.checkpointIntervalMs,
  detector: detectorOf(config),
})

export const detectorOf = ({ detector }: Config): SubmittedDetector => ({
  normalMean: detector.normalMean,
  normalStddev: detector.normalStddev,
  direction: detector.direction,
  windowMs: detector.windowMs,
  watermarkMs: detector.watermarkMs,
  groupBy: detector.groupBy,
})

export interface ChangedSetting {
  readonly key: string
  /** As the job runs with it. */
  readonly submitted: string
  /** As it is configured now. */
  readonly now: string
}

const DETECTOR_KEYS: Readonly<Record<keyof SubmittedDetector, string>> = {
  normalMean: 'NORMAL_MEAN',
  normalStddev: 'NORMAL_STDDEV',
  direction: 'ANOMALY_DIRECTION',
  windowMs: 'WINDOW_DURATION',
  watermarkMs: 'WATERMARK_DELAY',
  groupBy: 'GROUP_BY',
}

/** The detector's settings that were changed without a submit. */
export function changedSettings({ detector }: SubmittedQuery, config: Config): ChangedSetting[] {
  if (!detector) return []
  const now = detectorOf(config)
  const text = (field: keyof SubmittedDetector, value: string | number) =>
    field.endsWith('Ms') ? `${value} milliseconds` : String(value)
  return (Object.keys(DETECTOR_KEYS) as (keyof SubmittedDetector)[])
    .filter((field) => detector[field] !== now[field])
    .map((field) => ({
      key: DETECTOR_KEYS[field],
      submitted: text(field, detector[field]),
      now: text(field, now[field]),
    }))
}

const BETWEEN_BATCHES_MS = 30_000
/** After an interval ends, its records are read to the end, it commits, and the auditor accounts for it. */
const AFTER_INTERVAL_MS = 45_000

/** How long a clean stop may take: the running batch ends first, which in real-time mode takes up to an interval. */
export const stopTimeoutMs = (query: SubmittedQuery | undefined): number =>
  query?.trigger === 'real-time' ? query.checkpointIntervalMs + AFTER_INTERVAL_MS : BETWEEN_BATCHES_MS
