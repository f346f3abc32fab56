import { CliError } from '../../../errors.ts'
import { isAddressFree, requireFreePort } from '../../../system/ports.ts'
import { HOST_MASTER_PORT, masterAddress } from '../container/network.ts'
import { portsOf } from '../container/ports.ts'
import { MASTER } from '../container/project.ts'
import type { Stack } from './stack.ts'

/**
 * Requires that the port is free or occupied by this folder's own containers.
 * @throws CliError PORT_TAKEN with the process or container that holds it, and the setting to change.
 */
export async function requirePort(stack: Stack, port: number, setting: string, what: string): Promise<void> {
  const [{ docker }, own] = await Promise.all([stack.engine(), stack.containers()])
  if (own.some(({ info }) => portsOf(info).includes(port))) return
  const running = await docker.listContainers()
  const holder = running.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port))
  if (!holder) return requireFreePort(port, setting, what)
  throw new CliError(
    'PORT_TAKEN',
    `port ${port} for ${what} is taken by the container ${holder.Names[0]?.slice(1)}`,
    {
      hint: `Set ${setting} in .env to a free port, or stop that container.`,
    },
  )
}

/**
 * Requires that a master in this machine's own network can listen. Its address is this folder's own, so only a program
 * that listens on every address is in its way.
 * @throws CliError PORT_TAKEN when there is such a program.
 */
export async function requireMasterPort(stack: Stack): Promise<void> {
  const project = await stack.requireProject()
  const [master] = await stack.containers(MASTER)
  const address = masterAddress(project.id)
  if (master?.info.State.Running || (await isAddressFree(address, HOST_MASTER_PORT))) return
  throw new CliError('PORT_TAKEN', `port ${HOST_MASTER_PORT} for Spark's master is taken at ${address}`, {
    hint: `Find the program that listens on every address with \`ss -ltnp 'sport = :${HOST_MASTER_PORT}'\`, and give it another port.`,
  })
}
