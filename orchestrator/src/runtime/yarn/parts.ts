import { z } from 'zod'
import { errorMessage } from '../../errors.ts'
import type { PartStatus } from '../runtime.ts'
import type { ResourceManager } from './resource-manager.ts'

const GIVEN = { given: 'SPARK_MASTER' } as const

const metricsSchema = z.object({
  clusterMetrics: z.object({
    activeNodes: z.number(),
    availableVirtualCores: z.number(),
    totalVirtualCores: z.number(),
    availableMB: z.number(),
    totalMB: z.number(),
  }),
})

/** The ResourceManager, and its NodeManagers in one line: there may be thousands. */
export async function yarnParts(find: () => Promise<ResourceManager>): Promise<PartStatus[]> {
  const part = { part: 'resource-manager', ...GIVEN } as const
  try {
    const manager = await find()
    const address = manager.addresses.join(',')
    const metrics = await manager.get('metrics', metricsSchema)
    if (!metrics) return [{ ...part, state: 'unhealthy', address, detail: 'it does not tell its metrics' }]
    return [{ ...part, state: 'running', address }, nodeManagers(metrics.clusterMetrics)]
  } catch (error) {
    return [{ ...part, state: 'unhealthy', detail: errorMessage(error) }]
  }
}

function nodeManagers(metrics: z.infer<typeof metricsSchema>['clusterMetrics']): PartStatus {
  const { activeNodes, availableVirtualCores, totalVirtualCores, availableMB, totalMB } = metrics
  const part = { part: 'node-managers', ...GIVEN } as const
  if (activeNodes === 0) return { ...part, state: 'stopped', detail: 'no node is alive' }
  const free = `${availableVirtualCores} of ${totalVirtualCores} cores and ${gigabytes(availableMB)} of ${gigabytes(totalMB)} GB free`
  return { ...part, state: 'running', detail: `${activeNodes} alive, ${free}` }
}

const gigabytes = (megabytes: number): string => (megabytes / 1024).toFixed(1)
