import { CliError } from '../../../errors.ts'
import { waitForFreePort } from '../../../system/ports.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../../system/wait.ts'
import type { StoppedPart } from '../../runtime.ts'
import { containerName, type InspectedContainer, isNotFound } from '../container/inspect.ts'
import { portsOf } from '../container/ports.ts'
import { DRIVER, KAFKA, labelFilter, MASTER, WORKER } from '../container/project.ts'
import type { Stack } from './stack.ts'

// In reverse order of the start: a container stops before those that it needs.
const ORDER = [DRIVER, WORKER, MASTER, KAFKA]
const GRACE_SECONDS = 30

/** Stops and removes everything with this folder's label, and verifies that it is gone. The volumes stay. */
export async function stopStack(stack: Stack, signal: AbortSignal): Promise<StoppedPart[]> {
  const containers = await stack.containers()
  const rank = ({ service }: InspectedContainer) => (ORDER.includes(service) ? ORDER.indexOf(service) : -1)
  const stopped: StoppedPart[] = []
  for (const entry of [...containers].sort((a, b) => rank(a) - rank(b))) {
    signal.throwIfAborted()
    const ports = portsOf(entry.info)
    await remove(entry)
    for (const port of ports) await waitForFreePort(port)
    stopped.push({
      part: entry.service || 'helper',
      gone: [`container ${containerName(entry.info)}`, ...ports.map((port) => `port ${port}`)],
    })
  }
  const networks = await removeNetworks(stack)
  await requireAllGone(stack)
  return networks.length > 0 ? [...stopped, { part: 'network', gone: networks }] : stopped
}

async function remove({ container, info }: InspectedContainer): Promise<void> {
  try {
    if (info.State.Running) await container.stop({ t: GRACE_SECONDS }).catch(() => undefined)
    await container.remove({ force: true, v: true })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function removeNetworks(stack: Stack): Promise<string[]> {
  const project = await stack.project()
  if (!project) return []
  const { docker } = await stack.engine()
  const networks = await docker.listNetworks({ filters: labelFilter(project) })
  for (const { Id } of networks) await docker.getNetwork(Id).remove()
  return networks.map(({ Name }) => Name)
}

async function requireAllGone(stack: Stack): Promise<void> {
  await waitUntil(
    "the end of this folder's containers",
    async () => {
      const remaining = await stack.containers()
      return remaining.length === 0
        ? arrived(undefined)
        : notYet(remaining.map(({ info }) => containerName(info)).join(', '))
    },
    { timeoutMs: 10_000 },
  ).catch((error: unknown) => {
    if (!(error instanceof WaitTimeout)) throw error
    throw new CliError(
      'DOCKER_UNAVAILABLE',
      `Docker still lists containers that it removed: ${error.lastSeen}`,
      {
        hint: 'Run `cpu-anomaly down` again.',
        cause: error,
      },
    )
  })
}

/** Removes the volumes with this folder's label: Kafka's data, the checkpoint, the cluster's secret. */
export async function removeStackVolumes(stack: Stack): Promise<string[]> {
  const project = await stack.project()
  if (!project) return []
  const { docker } = await stack.engine()
  const { Volumes } = await docker.listVolumes({ filters: labelFilter(project) })
  for (const { Name } of Volumes) await docker.getVolume(Name).remove()
  return Volumes.map(({ Name }) => `volume ${Name}`)
}
