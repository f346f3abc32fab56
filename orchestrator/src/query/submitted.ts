import type { Config, TriggerMode } from '../config/config.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import type { StoragePaths } from '../storage/paths.ts'
import { type StateFile, stateFile } from '../system/state-file.ts'

/** How the last submit had the query driven, for commands that come later: the settings may have changed since. */
export interface SubmittedQuery {
  readonly trigger: TriggerMode
  readonly reason: string
  /** How long a batch of real-time mode lasts. */
  readonly checkpointIntervalMs: number
}

export const submittedFile = (storage: StoragePaths): StateFile<SubmittedQuery> =>
  stateFile<SubmittedQuery>(`${storage.run}/query.json`)

export const submittedQuery = ({ query }: Config, { trigger, reason }: QueryPlan): SubmittedQuery => ({
  trigger,
  reason,
  checkpointIntervalMs: query.checkpointIntervalMs,
})

const BETWEEN_BATCHES_MS = 30_000
/** Before its end an interval has to be read to the end and committed, and after it what it left out is accounted for. */
const AFTER_INTERVAL_MS = 45_000

/** How long a clean stop may take: a batch that is under way ends first. In real-time mode that lasts an interval. */
export const stopTimeoutMs = (query: SubmittedQuery | undefined): number =>
  query?.trigger === 'real-time' ? query.checkpointIntervalMs + AFTER_INTERVAL_MS : BETWEEN_BATCHES_MS
