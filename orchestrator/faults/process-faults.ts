import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { commandKilled, commandStalled } from './command-faults.ts'
import { continuesAnew, type Expectation, type Fault, onlyDocker } from './fault.ts'
import { type Part, signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

/** A part that ends at once; a user repairs all but the driver, which its supervisor restarts. */
const killed = (part: Part, signal: 'KILL' | 'TERM'): Fault => ({
  name: `${part}: SIG${signal}`,
  async inject(trial) {
    const struckMs = await signalPart(trial.stack, part, signal)
    if (part === 'worker') trial.replacedExecutors += 1
    if (part !== 'driver') await trial.repair()
    return { ...withPromise(part, struckMs, Date.now()), byNewDriver: part === 'driver' }
  },
})

/** A part that stands still for some seconds, as on a machine that swaps or in a virtual machine that is moved. */
const stalled = (part: Part): Fault => ({
  name: `${part}: SIGSTOP for some seconds`,
  async inject(trial) {
    await signalPart(trial.stack, part, 'STOP')
    // The length of the fault itself, not a wait for something.
    await sleep(trial.random.integer(3, 10) * 1_000)
    const overMs = await signalPart(trial.stack, part, 'CONT')
    return withPromise(part, overMs, overMs)
  },
})

const withPromise = (part: Part, struckMs: number, backMs: number): Expectation =>
  part === 'broker' ? { struckMs, brokerBackMs: backMs } : { struckMs }

/** Without its supervisor the driver goes on; a user replaces both. */
const supervisorKilled: Fault = {
  name: 'supervisor: SIGKILL',
  async inject(trial) {
    const killedMs = await signalPart(trial.stack, 'supervisor', 'KILL')
    if (trial.stack.runtime === 'docker') {
      await untilNoDriver(trial)
      await trial.repair()
      return continuesAnew(killedMs)
    }
    await trial.stack.ok('stop')
    const stoppedMs = Date.now()
    await trial.repair()
    return { ...continuesAnew(killedMs), sinceMs: stoppedMs }
  },
}

/** Its container ends with it, and all that is in it. */
async function untilNoDriver(trial: Trial): Promise<void> {
  await waitFor(
    'the end of the container',
    async () => {
      const { driver } = await trial.status()
      return { done: driver?.pid === undefined, value: undefined, seen: JSON.stringify(driver) }
    },
    30_000,
  )
}

/** What an upgrade or a change of settings takes. It counts from the end of the old driver. */
const restarted: Fault = {
  name: 'driver: stopped, then submitted',
  async inject(trial) {
    await trial.stack.ok('stop')
    const stoppedMs = Date.now()
    await trial.submit()
    return continuesAnew(stoppedMs)
  },
}

/** What every run tries, however short it is. */
export const KILLS: readonly Fault[] = [killed('driver', 'KILL'), supervisorKilled, killed('broker', 'KILL')]

export const PROCESS_FAULTS: readonly Fault[] = [
  ...KILLS,
  restarted,
  killed('broker', 'TERM'),
  stalled('driver'),
  stalled('broker'),
  {
    ...stalled('supervisor'),
    unfit: ({ runtime }) => (runtime === 'docker' ? 'its container is the driver too' : undefined),
  },
  { ...killed('worker', 'KILL'), unfit: onlyDocker },
  { ...killed('worker', 'TERM'), unfit: onlyDocker },
  { ...stalled('worker'), unfit: onlyDocker },
  commandKilled('up'),
  commandKilled('submit'),
  commandKilled('stop'),
  commandKilled('tail'),
  commandStalled,
]
