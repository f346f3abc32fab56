import { CliError } from '../../../errors.ts'
import { requireFreePort } from '../../../system/ports.ts'
import type { Stack } from './stack.ts'

/**
 * Requires that the port is free or published by this folder's own containers.
 * @throws CliError PORT_TAKEN with the process or container that holds it, and the setting to change.
 */
export async function requirePort(stack: Stack, port: number, setting: string, what: string): Promise<void> {
  const [{ docker }, own] = await Promise.all([stack.engine(), stack.containers()])
  const ownIds = new Set(own.map(({ info }) => info.Id))
  const running = await docker.listContainers()
  const holder = running.find(({ Ports }) => Ports.some(({ PublicPort }) => PublicPort === port))
  if (!holder) return requireFreePort(port, setting, what)
  if (ownIds.has(holder.Id)) return
  throw new CliError(
    'PORT_TAKEN',
    `port ${port} for ${what} is taken by the container ${holder.Names[0]?.slice(1)}`,
    {
      hint: `Set ${setting} in .env to a free port, or stop that container.`,
    },
  )
}
