import type { Config, StateStore, TriggerMode } from '../config/config.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import { chooseTrigger, neededSlots } from './trigger.ts'

/** How the query will run: the settings that depend on the runtime and on the input topic, resolved. */
export interface QueryPlan {
  readonly trigger: TriggerMode
  /** Why this trigger was chosen, in one line. */
  readonly reason: string
  readonly stateStore: StateStore
  readonly shufflePartitions: number
  /** Task slots that the query needs at once; 0 if any number will do. */
  readonly slots: number
}

/**
 * Chooses trigger, state store and shuffle partitions. `inputPartitions`: how many the input topic has, or will be
 * created with.
 * @throws CliError CONFIGURATION when TRIGGER=real-time, but real-time mode is not possible.
 */
export function planQuery(config: Config, environment: JobEnvironment, inputPartitions: number): QueryPlan {
  const { query, spark } = config
  const needs = {
    wanted: query.trigger,
    sparkVersion: environment.sparkVersion,
    inputPartitions,
    shufflePartitions: spark.realTimeShufflePartitions,
    slots: environment.slots,
    slotsAreThreads: environment.masterWithSlots !== undefined,
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

/** The few windows of one series are fastest in memory; with many series, RocksDB writes only what changed at each commit. */
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
