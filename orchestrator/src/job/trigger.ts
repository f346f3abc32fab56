import type { TriggerMode } from '../config/config.ts'
import { CliError } from '../errors.ts'

/** Real-time mode came with Spark 4.1, but for aggregations with this version. */
const REAL_TIME_SINCE = [4, 3] as const

export interface TriggerNeeds {
  readonly wanted: TriggerMode | 'auto'
  /** Undefined: it cannot be told. */
  readonly sparkVersion: string | undefined
  readonly inputPartitions: number
  readonly shufflePartitions: number
  /** Task slots that Spark offers. */
  readonly slots: number
  /** Are slots threads of one JVM, of which there can be more than cores? */
  readonly slotsAreThreads: boolean
  readonly stateStore: 'auto' | 'memory' | 'rocksdb'
}

export interface TriggerChoice {
  readonly trigger: TriggerMode
  /** In one line, for the user. */
  readonly reason: string
}

/** All tasks of a real-time query run at once, for as long as it runs. */
const heldSlots = ({ inputPartitions, shufflePartitions }: TriggerNeeds) =>
  inputPartitions + shufflePartitions

/** One more than the query holds: what its intervals left out is looked at by a job of its own, meanwhile. */
export const neededSlots = (needs: TriggerNeeds): number => heldSlots(needs) + 1

/**
 * How the query is driven. `auto` takes real-time mode where Spark has it and the cores suffice: on a cluster when its
 * slots hold every task at once; on one machine, where tasks wait more than they compute, up to two tasks a core.
 * @throws CliError CONFIGURATION when real-time mode is asked for and cannot be had.
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
    return { what: 'the tag of SPARK_IMAGE does not say which Spark it holds', fix: 'Name one that does' }
  if (sparkVersion !== undefined && !hasRealTime(sparkVersion))
    return {
      what: `Spark ${sparkVersion} has no real-time mode for aggregations, Spark ${REAL_TIME_SINCE.join('.')} has`,
      fix: 'Set SPARK_IMAGE to a newer one and run `cpu-anomaly up`',
    }
  if (stateStore === 'memory')
    return { what: 'STATE_STORE=memory, and real-time mode needs rocksdb', fix: 'Set STATE_STORE=rocksdb' }
  if (slotsAreThreads)
    return wanted === 'auto' && heldSlots(needs) > 2 * slots
      ? {
          what: `${slotsText(needs)}, more than two tasks a core on ${plural(slots, 'core')}`,
          fix: 'Raise SPARK_CORES',
        }
      : undefined
  return neededSlots(needs) > slots
    ? {
        what: `${slotsText(needs)}, and the workers offer ${slots}`,
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
