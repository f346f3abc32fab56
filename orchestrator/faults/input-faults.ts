import { setTimeout as sleep } from 'node:timers/promises'
import { continues, type Fault } from './fault.ts'

/** A life begins without a fault: there, no result may be written twice. */
export const UNDISTURBED: Fault = {
  name: 'none: ten seconds without a fault',
  async inject() {
    await sleep(10_000)
    return continues(Date.now())
  },
}

export const INPUT_FAULTS: readonly Fault[] = [
  {
    name: 'input: bad records',
    async inject(trial) {
      trial.load.sendBad()
      return continues(Date.now())
    },
  },
  {
    name: 'input: samples that are an hour late',
    async inject(trial) {
      trial.load.sendLate(trial.random.integer(1, 50))
      return continues(Date.now())
    },
  },
  {
    name: 'input: a slow producer, whose samples are seconds old when it sends them',
    async inject(trial) {
      await trial.load.hold(trial.random.integer(2, 8) * 1_000)
      return continues(Date.now())
    },
  },
  {
    name: 'input: a producer that pauses',
    async inject(trial) {
      await trial.load.pause()
      await sleep(trial.random.integer(2, 8) * 1_000)
      trial.load.resume()
      return continues(Date.now())
    },
  },
]
