import { describe, expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { chooseTrigger, type TriggerNeeds } from './trigger.ts'

/** One input and one shuffle partition on two cores of this machine. */
const local: TriggerNeeds = {
  wanted: 'auto',
  sparkVersion: '4.3.0',
  inputPartitions: 1,
  shufflePartitions: 1,
  slots: 2,
  slotsAreThreads: true,
  stateStore: 'auto',
}
const cluster: TriggerNeeds = { ...local, slotsAreThreads: false, slots: 3 }
const SLOTS = '1 input partition + 1 shuffle partition + 1 for dead letters = 3 task slots'

describe('chooseTrigger', () => {
  it.each<[string, TriggerNeeds, string, string]>([
    [
      'micro-batch, even if real-time mode is possible',
      { ...local, wanted: 'micro-batch' },
      'micro-batch',
      'TRIGGER=micro-batch',
    ],
    ['threads that suffice', local, 'real-time', `TRIGGER=auto: ${SLOTS}`],
    ['a later Spark', { ...local, sparkVersion: '5.0.1' }, 'real-time', `TRIGGER=auto: ${SLOTS}`],
    [
      'two tasks per core',
      { ...local, inputPartitions: 3 },
      'real-time',
      'TRIGGER=auto: 3 input partitions + 1 shuffle partition + 1 for dead letters = 5 task slots',
    ],
    [
      'more than two tasks per core',
      { ...local, inputPartitions: 4 },
      'micro-batch',
      'TRIGGER=auto: 4 input partitions + 1 shuffle partition + 1 for dead letters = 6 task slots, more than 2 tasks per core on 2 cores',
    ],
    [
      'more than two tasks per core with TRIGGER=real-time',
      { ...local, wanted: 'real-time', inputPartitions: 4 },
      'real-time',
      'TRIGGER=real-time: 4 input partitions + 1 shuffle partition + 1 for dead letters = 6 task slots',
    ],
    [
      'as many tasks as threads of two cores can run',
      { ...local, wanted: 'real-time', inputPartitions: 31 },
      'real-time',
      'TRIGGER=real-time: 31 input partitions + 1 shuffle partition + 1 for dead letters = 33 task slots',
    ],
    ['slots that suffice', cluster, 'real-time', `TRIGGER=auto: ${SLOTS}`],
    [
      'a slot too few',
      { ...cluster, slots: 2 },
      'micro-batch',
      `TRIGGER=auto: ${SLOTS}, but the workers offer 2`,
    ],
    [
      'an old Spark',
      { ...cluster, sparkVersion: '4.2.0' },
      'micro-batch',
      'TRIGGER=auto: Spark 4.2.0 has no real-time mode for aggregations; Spark 4.3 has',
    ],
    [
      'an unknown Spark',
      { ...cluster, sparkVersion: undefined },
      'micro-batch',
      'TRIGGER=auto: the tag of SPARK_IMAGE does not name a Spark version',
    ],
    [
      'an unknown Spark with TRIGGER=real-time: the driver will report it',
      { ...cluster, sparkVersion: undefined, wanted: 'real-time' },
      'real-time',
      `TRIGGER=real-time: ${SLOTS}`,
    ],
    [
      'state in memory',
      { ...local, stateStore: 'memory' },
      'micro-batch',
      'TRIGGER=auto: STATE_STORE=memory, but real-time mode needs rocksdb',
    ],
  ])('%s', (_, needs, trigger, reason) => {
    expect(chooseTrigger(needs)).toEqual({ trigger, reason })
  })

  it.each<[string, TriggerNeeds, string, string]>([
    [
      'an old Spark',
      { ...cluster, sparkVersion: '4.2.0' },
      'TRIGGER=real-time: Spark 4.2.0 has no real-time mode for aggregations; Spark 4.3 has',
      'Set SPARK_IMAGE to a newer Spark and run `cpu-anomaly up`, or set TRIGGER=micro-batch.',
    ],
    [
      'a slot too few',
      { ...cluster, slots: 2 },
      `TRIGGER=real-time: ${SLOTS}, but the workers offer 2`,
      'Set SPARK_CORES=3 and run `cpu-anomaly up`, or set TRIGGER=micro-batch.',
    ],
    [
      'more tasks than threads of two cores can run',
      { ...local, inputPartitions: 32 },
      'TRIGGER=real-time: 32 input partitions + 1 shuffle partition + 1 for dead letters = 34 task slots, more than 16 tasks per core on 2 cores',
      'Use a topic with fewer partitions, raise SPARK_CORES if this machine has more cores, or set TRIGGER=micro-batch.',
    ],
  ])('refuses real-time mode with the arithmetic and a way out: %s', (_, needs, message, hint) => {
    const refused = () => chooseTrigger({ ...needs, wanted: 'real-time' })
    expect(refused).toThrow(CliError)
    try {
      refused()
    } catch (error) {
      expect(error).toMatchObject({ message, hint, exitCode: 2 })
    }
  })
})
