import { setTimeout as sleep } from 'node:timers/promises'
import { continuesAnew, type Fault } from './fault.ts'
import { signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

/** When a command is in its middle, in ms after its start; `stop` is over within two seconds or so. */
const MIDDLE = { up: [300, 4_000], submit: [300, 4_000], stop: [300, 900], tail: [300, 4_000] } as const

async function startAndWait(trial: Trial, command: keyof typeof MIDDLE) {
  const running = trial.stack.start([command])
  const [least, most] = MIDDLE[command]
  const afterMs = trial.random.integer(least, most)
  await sleep(afterMs)
  return { running, afterMs }
}

/** A command that is killed in the middle leaves nothing that the next one cannot deal with. */
export const commandKilled = (command: keyof typeof MIDDLE): Fault => ({
  name: `CLI: SIGKILL of ${command}`,
  async prepare(trial) {
    if (command === 'submit') await trial.stack.ok('stop')
  },
  async inject(trial) {
    if (command === 'up') await signalPart(trial.stack, 'broker', 'KILL')
    const { running, afterMs } = await startAndWait(trial, command)
    running.kill('SIGKILL')
    const killedMs = Date.now()
    const { signal, exitCode } = await running
    if (signal !== 'SIGKILL')
      throw new Error(
        `${command} was over before it could be killed, ${afterMs} ms after its start: exit code ${exitCode}`,
      )
    if (command === 'stop') await trial.stack.ok('stop')
    const sinceMs = command === 'stop' ? Date.now() : killedMs
    await trial.repair()
    const hasNewDriver = command === 'submit' || command === 'stop'
    return { struckMs: killedMs, sinceMs, byNewDriver: hasNewDriver }
  },
})

/** As with Ctrl-Z: another command meanwhile finds the lock taken or is not hindered, and the first one then ends well. */
export const commandStalled: Fault = {
  name: 'CLI: SIGSTOP of submit for some seconds',
  prepare: async (trial) => void (await trial.stack.ok('stop')),
  async inject(trial) {
    const { running } = await startAndWait(trial, 'submit')
    if (!running.kill('SIGSTOP')) throw new Error('submit was over before it could be stopped')
    // The length of the fault itself, not a wait for something.
    const [other] = await Promise.all([trial.stack.cli(['up']), sleep(trial.random.integer(3, 10) * 1_000)])
    running.kill('SIGCONT')
    const overMs = Date.now()
    const { exitCode, stderr } = await running
    if (other.exitCode !== 0 && other.exitCode !== 5)
      throw new Error(`up ended with ${other.exitCode}: ${other.stderr}`)
    if (exitCode !== 0) throw new Error(`submit ended with ${exitCode} after a stop: ${stderr}`)
    return continuesAnew(overMs)
  },
}
