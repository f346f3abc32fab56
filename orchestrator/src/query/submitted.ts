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
}

export const submittedFile = (storage: StoragePaths): StateFile<SubmittedQuery> =>
  stateFile<SubmittedQuery>(`${storage.run}/query.json`, ['trigger'])

export const submittedQuery = ({ query }: Config, { trigger, reason }: QueryPlan): SubmittedQuery => ({
  trigger,
  reason,
  checkpointIntervalMs: query.checkpointIntervalMs,
})

const BETWEEN_BATCHES_MS = 30_000
/** After an interval ends, its records are read to the end, it commits, and the auditor accounts for it. */
const AFTER_INTERVAL_MS = 45_000

/** How long a clean stop may take: the running batch ends first, which in real-time mode takes up to an interval. */
export const stopTimeoutMs = (query: SubmittedQuery | undefined): number =>
  query?.trigger === 'real-time' ? query.checkpointIntervalMs + AFTER_INTERVAL_MS : BETWEEN_BATCHES_MS
