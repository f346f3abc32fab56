import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../e2e/helpers/wait-for.ts'
import { CONTINUES, type Fault, onlyDocker } from './fault.ts'
import { type Part, signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

/** A part that ends at once, and what a user does about it: nothing for the driver, `up` for the broker. */
const killed = (part: Part, signal: 'KILL' | 'TERM', needsRepair: boolean): Fault => ({
  name: `${part}: SIG${signal}`,
  async inject(trial) {
    await signalPart(trial.stack, part, signal)
    if (needsRepair) await trial.repair()
    return CONTINUES
  },
})

/** A part that stands still for some seconds, as on a machine that swaps or in a virtual machine that is moved. */
const stalled = (part: Part): Fault => ({
  name: `${part}: SIGSTOP for some seconds`,
  async inject(trial) {
    await signalPart(trial.stack, part, 'STOP')
    // The length of the fault itself, not a wait for something.
    await sleep(trial.random.integer(3, 10) * 1_000)
    await signalPart(trial.stack, part, 'CONT')
    return CONTINUES
  },
})

/** Without its supervisor the driver goes on; a user replaces both. */
const supervisorKilled: Fault = {
  name: 'supervisor: SIGKILL',
  async inject(trial) {
    await signalPart(trial.stack, 'supervisor', 'KILL')
    if (trial.stack.runtime === 'docker') await untilNoDriver(trial)
    await trial.repair()
    return CONTINUES
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

const workerKilled: Fault = { ...killed('worker', 'KILL', true), unfit: onlyDocker }
const workerStalled: Fault = { ...stalled('worker'), unfit: onlyDocker }

/** A command that is killed in the middle leaves nothing that the next one cannot deal with. */
const commandKilled = (command: 'up' | 'stop' | 'submit' | 'tail'): Fault => ({
  name: `CLI: SIGKILL of ${command}`,
  async prepare(trial) {
    if (command === 'submit') await trial.stack.ok('stop')
  },
  async inject(trial) {
    if (command === 'up') await signalPart(trial.stack, 'broker', 'KILL')
    const running = trial.stack.start([command])
    await sleep(trial.random.integer(200, 4_000))
    running.kill('SIGKILL')
    await running
    if (command === 'stop') await trial.stack.ok('stop')
    await trial.repair()
    return CONTINUES
  },
})

/** What an upgrade or a change of settings takes. */
const restarted: Fault = {
  name: 'driver: stopped, then submitted',
  async inject(trial) {
    await trial.stack.ok('stop')
    await trial.submit()
    return CONTINUES
  },
}

export const PROCESS_FAULTS: readonly Fault[] = [
  restarted,
  killed('driver', 'KILL', false),
  killed('broker', 'KILL', true),
  killed('broker', 'TERM', true),
  stalled('driver'),
  stalled('broker'),
  {
    ...stalled('supervisor'),
    unfit: ({ runtime }) => (runtime === 'docker' ? 'its container is the driver too' : undefined),
  },
  supervisorKilled,
  workerKilled,
  workerStalled,
  commandKilled('up'),
  commandKilled('submit'),
  commandKilled('stop'),
  commandKilled('tail'),
]
