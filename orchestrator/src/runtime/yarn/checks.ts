import { z } from 'zod'
import { CliError } from '../../errors.ts'
import type { DoctorCheck } from '../runtime.ts'
import { yarnParts } from './parts.ts'
import type { ResourceManager } from './resource-manager.ts'

const infoSchema = z.object({
  clusterInfo: z.object({ state: z.string(), resourceManagerVersion: z.string() }),
})
const schedulerSchema = z.object({ scheduler: z.object({ schedulerInfo: z.unknown() }) })

/** Is YARN there, with nodes and a queue for the job? */
export function yarnChecks(find: () => Promise<ResourceManager>, queue: string): DoctorCheck[] {
  return [
    { title: 'Hadoop settings', run: async () => `yarn-site.xml in ${(await find()).folder}` },
    { title: 'YARN', run: async (signal) => checkManager(await find(), signal) },
    { title: 'YARN nodes', run: () => checkNodes(find) },
    { title: 'YARN queue', run: async (signal) => checkQueue(await find(), queue, signal) },
  ]
}

async function checkManager(manager: ResourceManager, signal: AbortSignal): Promise<string> {
  const address = await manager.addressTowards(signal)
  const info = await manager.get('info', infoSchema, signal)
  return `${manager.addresses.join(', ')}, version ${info?.clusterInfo.resourceManagerVersion}, reached from ${address}`
}

async function checkNodes(find: () => Promise<ResourceManager>): Promise<string> {
  const parts = await yarnParts(find)
  const nodes = parts.find(({ part }) => part === 'node-managers')
  if (nodes?.state === 'running') return nodes.detail ?? ''
  throw new CliError('CLUSTER_UNREACHABLE', nodes?.detail ?? parts[0]?.detail ?? 'no node is known', {
    hint: 'Have the NodeManagers of the cluster started.',
  })
}

async function checkQueue(manager: ResourceManager, name: string, signal: AbortSignal): Promise<string> {
  const answer = await manager.get('scheduler', schedulerSchema, signal)
  const queues = queuesIn(answer?.scheduler.schedulerInfo)
  const queue = queues.find((each) => each.queueName === name || each.queuePath === name)
  const known = queues.map(({ queueName }) => queueName)
  if (!queue && known.length > 0)
    throw new CliError('CONFIGURATION', `YARN has no queue ${name}; it has ${known.join(', ')}`, {
      hint: 'Name one of them: SPARK_CONF_spark.yarn.queue.',
    })
  if (queue?.state && queue.state !== 'RUNNING')
    throw new CliError('CLUSTER_UNREACHABLE', `the queue ${name} is ${queue.state}`, {
      hint: 'Have it started, or name another one: SPARK_CONF_spark.yarn.queue.',
    })
  const used = queue?.absoluteUsedCapacity
  return used === undefined ? name : `${name}, ${used.toFixed(0)} % of the cluster are used by it`
}

const queueSchema = z.object({
  queueName: z.string(),
  queuePath: z.string().optional(),
  state: z.string().optional(),
  absoluteUsedCapacity: z.number().optional(),
})
export type Queue = Readonly<z.infer<typeof queueSchema>>

/** The queues of a capacity scheduler, below each other; none of another scheduler, which may make queues as they are named. */
export function queuesIn(info: unknown): Queue[] {
  const { data: children } = childrenSchema.safeParse(info)
  return (children?.queues?.queue ?? []).flatMap((each) => {
    const below = queuesIn(each)
    const { data } = queueSchema.safeParse(each)
    return below.length > 0 ? below : data ? [data] : []
  })
}

const childrenSchema = z.object({ queues: z.object({ queue: z.array(z.unknown()) }).optional() })
