import type { Config, StateStore, TriggerMode } from '../config/config.ts'
import type { JobPlace } from '../runtime/runtime.ts'
import { chooseTrigger, neededSlots } from './trigger.ts'

/** What the settings come to, once it is known where the query will run. */
export interface QueryPlan {
  readonly trigger: TriggerMode
  /** Why this trigger, in one line. */
  readonly reason: string
  readonly stateStore: StateStore
  readonly shufflePartitions: number
  /** Task slots that the query needs at once; 0: it makes do with what there is. */
  readonly slots: number
}

/**
 * Settles trigger, state store and partitions. `inputPartitions`: those that the input topic has, or will be created with.
 * @throws CliError CONFIGURATION when real-time mode is asked for and cannot be had.
 */
export function planQuery(config: Config, place: JobPlace, inputPartitions: number): QueryPlan {
  const { query, spark } = config
  const needs = {
    wanted: query.trigger,
    sparkVersion: place.sparkVersion,
    inputPartitions,
    shufflePartitions: spark.realTimeShufflePartitions,
    slots: place.slots,
    slotsAreThreads: place.masterWith !== undefined,
    stateStore: query.stateStore,
  }
  const { trigger, reason } = chooseTrigger(needs)
  if (trigger === 'micro-batch') return { ...microBatchPlan(config), reason }
  return {
    trigger,
    reason,
    stateStore: 'rocksdb',
    shufflePartitions: spark.realTimeShufflePartitions,
    slots: neededSlots(needs),
  }
}

/** A few windows are quickest in memory; of many series only what changed should be written at each commit. */
export function microBatchPlan({ detector, query, spark }: Config): QueryPlan {
  const suitable = detector.groupBy === 'key' ? 'rocksdb' : 'memory'
  return {
    trigger: 'micro-batch',
    reason: 'TRIGGER=micro-batch',
    stateStore: query.stateStore === 'auto' ? suitable : query.stateStore,
    shufflePartitions: spark.shufflePartitions,
    slots: 0,
  }
}
