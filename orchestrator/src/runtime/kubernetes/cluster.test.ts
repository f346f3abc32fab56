import { describe, expect, it } from 'vitest'
import { refusal } from '../../config/load.fixture.ts'
import { type Asked, apiThatSays } from './api.fixture.ts'
import { JobCluster } from './cluster.ts'
import type { KubernetesObject } from './objects.ts'

const object = (kind: KubernetesObject['kind']): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'x', namespace: 'team', labels: {} },
})

const managedBy = (manager: string) => ({ metadata: { managedFields: [{ manager, operation: 'Apply' }] } })

async function clusterWith(found: (asked: Asked) => object | undefined) {
  const { api, asked } = await apiThatSays((one) => {
    const body = one.method === 'GET' ? found(one) : {}
    return body ? { body } : { status: 404, body: {} }
  })
  return { cluster: new JobCluster(api, { namespace: 'team', name: 'cpu-anomaly-7e747347' }), asked }
}

describe("a job's objects", () => {
  it('are applied on the server, after it is certain that they are ours', async () => {
    const { cluster, asked } = await clusterWith(() => undefined)
    await cluster.apply([object('ConfigMap'), object('Deployment')])
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET', 'PATCH', 'PATCH'])
    expect(asked[3]?.path).toMatch(
      /^\/apis\/apps\/v1\/namespaces\/team\/deployments\/cpu-anomaly-[0-9a-f]{8}\?fieldManager=cpu-anomaly&force=true$/,
    )
  })

  it('of somebody else are left alone, and nothing is applied', async () => {
    const { cluster, asked } = await clusterWith(({ path }) =>
      path.includes('deployments') ? managedBy('argocd-controller') : undefined,
    )
    const error = await refusal(cluster.apply([object('ConfigMap'), object('Deployment')]))
    expect(error).toMatchObject({
      code: 'CLUSTER_REFUSED',
      message: expect.stringContaining('argocd-controller manages it'),
    })
    expect(asked.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  it('are removed only if this tool has applied them', async () => {
    const { cluster, asked } = await clusterWith(({ path }) =>
      path.includes('secrets') ? managedBy('kubectl') : managedBy('cpu-anomaly'),
    )
    expect(await cluster.remove(['Deployment', 'Secret'])).toEqual([
      expect.stringMatching(/^Deployment team\/cpu-anomaly-/),
    ])
    expect(asked.filter(({ method }) => method === 'DELETE').map(({ path }) => path)).toEqual([
      expect.stringContaining('/deployments/'),
    ])
  })
})

describe('a stop', () => {
  it('scales the driver to 0 and waits for the end of its pod', async () => {
    let pods = [{ metadata: { name: 'p' }, status: {} }]
    const { cluster, asked } = await clusterWith(({ path }) => {
      if (!path.includes('/pods')) return { metadata: {}, spec: { replicas: 1 } }
      const items = pods
      if (asked.some(({ method }) => method === 'PATCH')) pods = []
      return { items }
    })
    expect(await cluster.stop(10_000, new AbortController().signal)).toBe('stopped')
    expect(asked.find(({ method }) => method === 'PATCH')?.body).toEqual({ spec: { replicas: 0 } })
  })

  it('kills a pod that does not end in time', async () => {
    let pods = [{ metadata: { name: 'stuck' }, status: {} }]
    const { cluster, asked } = await clusterWith(({ path }) => {
      if (!path.includes('/pods')) return { metadata: {}, spec: { replicas: 1 } }
      if (asked.some(({ method }) => method === 'DELETE')) pods = []
      return { items: pods }
    })
    expect(await cluster.stop(20, new AbortController().signal)).toBe('killed')
    expect(asked.find(({ method }) => method === 'DELETE')?.path).toMatch(
      /\/pods\/stuck\?gracePeriodSeconds=0$/,
    )
  })
})
