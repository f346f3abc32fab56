import { execa } from 'execa'
import type { Stack } from '../e2e/helpers/stack.ts'

export type Signal = 'KILL' | 'STOP' | 'CONT' | 'TERM'
export type Part = 'driver' | 'supervisor' | 'broker' | 'worker'

/** Sends a signal to a part of the stack: a process of this machine, or one in its container. */
export async function signalPart(stack: Stack, part: Part, signal: Signal): Promise<void> {
  if (stack.runtime === 'docker') await signalContainer(stack, part, signal)
  else process.kill(await pidOf(stack, part), `SIG${signal}`)
}

/** The driver is a process group: spark-submit, Python and the JVM. */
async function pidOf(stack: Stack, part: Part): Promise<number> {
  const { parts, driver } = await stack.status()
  const pid = {
    driver: driver?.pid && -driver.pid,
    supervisor: driver?.supervisorPid,
    broker: parts.find(({ part: name }) => name === 'kafka')?.pid,
    worker: undefined,
  }[part]
  if (!pid) throw new Error(`the ${part} is not running: ${JSON.stringify({ parts, driver })}`)
  return pid
}

async function signalContainer(stack: Stack, part: Part, signal: Signal): Promise<void> {
  const container = await containerOf(stack, part)
  if (part === 'driver')
    await execa('docker', ['exec', container, 'pkill', `-${signal}`, '-f', 'SparkSubmit|job.py'])
  else if (signal === 'STOP') await execa('docker', ['pause', container])
  else if (signal === 'CONT') await execa('docker', ['unpause', container])
  else await execa('docker', ['kill', '--signal', signal, container])
}

async function containerOf(stack: Stack, part: Part): Promise<string> {
  const { parts, driver } = await stack.status()
  const names = { driver: '', supervisor: '', broker: 'kafka', worker: 'spark-worker' }
  const container = names[part]
    ? parts.find(({ part: name, container: id }) => name === names[part] && id)?.container
    : driver?.container
  if (!container) throw new Error(`the ${part} has no container: ${JSON.stringify({ parts, driver })}`)
  return container
}
