import type { TriggerMode } from '../config/config.ts'
import { CliError } from '../errors.ts'

/** Spark has had real-time mode since 4.1, but for aggregations only since this version. */
const REAL_TIME_SINCE = [4, 3] as const

/** On one machine tasks wait more than they compute, so `auto` allows two per core. */
const TASKS_PER_CORE = 2
/**
 * Each task asks the broker for records up to 100 times per second, even if there are none: on a machine with 2 cores, 34
 * idle input partitions took 0.8 of a core (0.5 Spark, 0.3 the broker).
 */
const MAX_TASKS_PER_CORE = 16

export interface TriggerNeeds {
  readonly wanted: TriggerMode | 'auto'
  /** Undefined if unknown. */
  readonly sparkVersion: string | undefined
  readonly inputPartitions: number
  readonly shufflePartitions: number
  /** Task slots that Spark offers. */
  readonly slots: number
  /** Slots are threads of one JVM, so there can be more of them than cores. */
  readonly slotsAreThreads: boolean
  readonly stateStore: 'auto' | 'memory' | 'rocksdb'
}

export interface TriggerChoice {
  readonly trigger: TriggerMode
  /** One line, shown to the user. */
  readonly reason: string
}

/** A real-time query needs a slot for each of its tasks, because all of them run for as long as the query does. */
const heldSlots = ({ inputPartitions, shufflePartitions }: TriggerNeeds) =>
  inputPartitions + shufflePartitions

/** One more than the query holds, for the Spark job that writes the dead letters beside it. */
export const neededSlots = (needs: TriggerNeeds): number => heldSlots(needs) + 1

/**
 * Chooses the query's trigger. `auto` chooses real-time mode if Spark supports it and there are enough cores: on a
 * cluster, a slot for every task; on one machine, where tasks wait more than they compute, a core for every two tasks.
 * @throws CliError CONFIGURATION when TRIGGER=real-time, but real-time mode is not possible.
 */
export function chooseTrigger(needs: TriggerNeeds): TriggerChoice {
  if (needs.wanted === 'micro-batch') return { trigger: 'micro-batch', reason: 'TRIGGER=micro-batch' }
  const obstacle = obstacleOf(needs)
  if (!obstacle) return { trigger: 'real-time', reason: `TRIGGER=${needs.wanted}: ${slotsText(needs)}` }
  if (needs.wanted === 'auto') return { trigger: 'micro-batch', reason: `TRIGGER=auto: ${obstacle.what}` }
  throw new CliError('CONFIGURATION', `TRIGGER=real-time: ${obstacle.what}`, {
    hint: `${obstacle.fix}, or set TRIGGER=micro-batch.`,
  })
}

interface Obstacle {
  readonly what: string
  readonly fix: string
}

function obstacleOf(needs: TriggerNeeds): Obstacle | undefined {
  const { sparkVersion, slots, slotsAreThreads, stateStore, wanted } = needs
  if (sparkVersion === undefined && wanted === 'auto')
    return {
      what: 'the tag of SPARK_IMAGE does not name a Spark version',
      fix: 'Name an image whose tag does',
    }
  if (sparkVersion !== undefined && !hasRealTime(sparkVersion))
    return {
      what: `Spark ${sparkVersion} has no real-time mode for aggregations; Spark ${REAL_TIME_SINCE.join('.')} has`,
      fix: 'Set SPARK_IMAGE to a newer Spark and run `cpu-anomaly up`',
    }
  if (stateStore === 'memory')
    return { what: 'STATE_STORE=memory, but real-time mode needs rocksdb', fix: 'Set STATE_STORE=rocksdb' }
  if (slotsAreThreads) {
    const perCore = wanted === 'auto' ? TASKS_PER_CORE : MAX_TASKS_PER_CORE
    return heldSlots(needs) > perCore * slots
      ? {
          what: `${slotsText(needs)}, more than ${perCore} tasks per core on ${plural(slots, 'core')}`,
          fix: 'Use a topic with fewer partitions, raise SPARK_CORES if this machine has more cores',
        }
      : undefined
  }
  return neededSlots(needs) > slots
    ? {
        what: `${slotsText(needs)}, but the workers offer ${slots}`,
        fix: `Set SPARK_CORES=${neededSlots(needs)} and run \`cpu-anomaly up\``,
      }
    : undefined
}

function slotsText(needs: TriggerNeeds): string {
  const { inputPartitions, shufflePartitions } = needs
  const parts = `${plural(inputPartitions, 'input partition')} + ${plural(shufflePartitions, 'shuffle partition')} + 1 for dead letters`
  return `${parts} = ${plural(neededSlots(needs), 'task slot')}`
}

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

function hasRealTime(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > REAL_TIME_SINCE[0] || (major === REAL_TIME_SINCE[0] && minor >= REAL_TIME_SINCE[1])
}
