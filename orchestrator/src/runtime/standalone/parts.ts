import { errorMessage } from '../../errors.ts'
import type { PartStatus } from '../runtime.ts'
import { addressTowards, type Cluster, readCluster } from './master.ts'

const GIVEN = { given: 'SPARK_MASTER' } as const

/** The master and its living workers, by the master's own account. */
export async function clusterParts(url: string, uiPort: number): Promise<PartStatus[]> {
  const master = { part: 'spark-master', ...GIVEN, address: url } as const
  try {
    await addressTowards(url)
  } catch (error) {
    return [{ ...master, state: 'unhealthy', detail: errorMessage(error) }]
  }
  const cluster = await readCluster(url, uiPort)
  if (!cluster) {
    const detail = `its UI does not answer at port ${uiPort} (SPARK_MASTER_UI_PORT), so its workers are not known`
    return [{ ...master, state: 'running', detail }]
  }
  const detail = `${cluster.cores - cluster.coresused} of ${cluster.cores} cores free`
  const state = cluster.status === 'ALIVE' ? 'running' : 'unhealthy'
  return [{ ...master, state, detail: state === 'running' ? detail : cluster.status }, ...workersOf(cluster)]
}

function workersOf({ workers }: Cluster): PartStatus[] {
  const alive = workers.filter(({ state }) => state === 'ALIVE')
  if (alive.length === 0) return [{ part: 'spark-worker', ...GIVEN, state: 'stopped' }]
  return alive.map(({ host, port, cores }) => ({
    part: 'spark-worker',
    ...GIVEN,
    state: 'running',
    address: `${host}:${port}`,
    detail: `${cores} core${cores === 1 ? '' : 's'}`,
  }))
}
