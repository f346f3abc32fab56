import { errorMessage } from '../../errors.ts'
import type { PartStatus } from '../runtime.ts'
import type { KubernetesApi } from './api.ts'
import type { JobCluster } from './cluster.ts'
import { containerOf, type Pod, unschedulable, waitingText } from './pods.ts'

/** The API server, and the executors of the job. */
export async function clusterParts(
  api: KubernetesApi,
  cluster: JobCluster,
  url: string,
): Promise<PartStatus[]> {
  const server = { part: 'kubernetes', given: 'SPARK_MASTER', address: url } as const
  try {
    await api.login()
    const executors = (await cluster.executorPods()).filter(({ status }) => !hasEnded(status?.phase))
    return [
      { ...server, state: 'running', detail: `${cluster.name} in the namespace ${cluster.namespace}` },
      ...executors.map(executorPart),
    ]
  } catch (error) {
    return [{ ...server, state: 'unhealthy', detail: errorMessage(error) }]
  }
}

const hasEnded = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed'

function executorPart(pod: Pod): PartStatus {
  const container = containerOf(pod, 'executor')
  const part = { part: 'spark-executor', container: pod.metadata.name } as const
  if (container?.state?.running) return { ...part, state: 'running' }
  const detail = unschedulable(pod) ?? (container && waitingText(container))
  return { ...part, state: 'starting', ...(detail && { detail }) }
}
