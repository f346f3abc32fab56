import { waitForFreePort } from '../../../system/ports.ts'
import { arrived, notYet, waitUntil } from '../../../system/wait.ts'
import type { StoppedPart } from '../../runtime.ts'
import { type FoundContainer, isNotFound } from '../container/found.ts'
import { DRIVER, KAFKA, labelFilter, MASTER, WORKER } from '../container/project.ts'
import type { Stack } from './stack.ts'

// Newest first: what needs the others goes before them.
const ORDER = [DRIVER, WORKER, MASTER, KAFKA]
const GRACE_SECONDS = 30

/** Stops and removes what carries this folder's label, and proves that it is gone. The volumes stay. */
export async function stopStack(stack: Stack, signal: AbortSignal): Promise<StoppedPart[]> {
  const found = await stack.containers()
  const rank = ({ service }: FoundContainer) => (ORDER.includes(service) ? ORDER.indexOf(service) : -1)
  const stopped: StoppedPart[] = []
  for (const entry of [...found].sort((a, b) => rank(a) - rank(b))) {
    signal.throwIfAborted()
    const ports = publishedPorts(entry)
    await remove(entry)
    for (const port of ports) await waitForFreePort(port)
    stopped.push({
      part: entry.service || 'helper',
      gone: [`container ${entry.info.Name.slice(1)}`, ...ports.map((port) => `port ${port}`)],
    })
  }
  const networks = await removeNetworks(stack)
  await requireNothingLeft(stack)
  return networks.length > 0 ? [...stopped, { part: 'network', gone: networks }] : stopped
}

async function remove({ container, info }: FoundContainer): Promise<void> {
  try {
    if (info.State.Running) await container.stop({ t: GRACE_SECONDS }).catch(() => undefined)
    await container.remove({ force: true, v: true })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

function publishedPorts({ info }: FoundContainer): number[] {
  if (!info.State.Running) return []
  const bindings = Object.values(info.NetworkSettings.Ports ?? {}).flatMap((bound) => bound ?? [])
  return [...new Set(bindings.map(({ HostPort }) => Number(HostPort)))]
}

async function removeNetworks(stack: Stack): Promise<string[]> {
  const project = await stack.project()
  if (!project) return []
  const { docker } = await stack.engine()
  const networks = await docker.listNetworks({ filters: labelFilter(project) })
  for (const { Id } of networks) await docker.getNetwork(Id).remove()
  return networks.map(({ Name }) => Name)
}

async function requireNothingLeft(stack: Stack): Promise<void> {
  await waitUntil(
    "the end of this folder's containers",
    async () => {
      const left = await stack.containers()
      return left.length === 0
        ? arrived(undefined)
        : notYet(`${left.map(({ info }) => info.Name).join(', ')} still there`)
    },
    { timeoutMs: 10_000 },
  )
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
