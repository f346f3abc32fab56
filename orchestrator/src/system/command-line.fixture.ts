import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { identify, type ProcessIdentity } from './process-identity.ts'

/** A process that leads its group, does nothing, and has these arguments; it ends with the test. */
export async function processWith(...args: string[]): Promise<ProcessIdentity> {
  const script = `setInterval(() => {}, 1e6); console.log('ready')`
  const child = spawn(process.execPath, ['-e', script, '--', ...args], { detached: true })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  const identity = await identify(child.pid as number)
  if (!identity) throw new Error('the process has no identity')
  return identity
}
