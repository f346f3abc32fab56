import { CliError } from '../../errors.ts'
import { arrived, notYet, WaitTimeout, waitUntil } from '../../system/wait.ts'
import type { StopOutcome } from '../runtime.ts'
import type { KubernetesApi } from './api.ts'
import type { Deployment } from './driver-status.ts'
import type { JobPlace } from './job-place.ts'
import { labelSelector } from './names.ts'
import { type KubernetesObject, objectPath } from './objects.ts'
import { containerOf, newestPod, type Pod } from './pods.ts'

/** Marks the fields that this tool has set. */
const FIELD_MANAGER = 'cpu-anomaly'

const POLL_MS = 500
/** Between the order to kill a pod and its end. */
const KILLED_MS = 30_000

/** An object as the API has it. */
interface Existing {
  readonly metadata: {
    readonly managedFields?: readonly { readonly manager?: string; readonly operation?: string }[]
  }
}

/** The objects of one job in one namespace. */
export class JobCluster {
  readonly #api: KubernetesApi
  readonly namespace: string
  readonly name: string

  constructor(api: KubernetesApi, { namespace, name }: Pick<JobPlace, 'namespace' | 'name'>) {
    this.#api = api
    this.namespace = namespace
    this.name = name
  }

  /**
   * Applies objects on the server's side, in this order.
   * @throws CliError CLUSTER_REFUSED, before anything is changed, when one of them exists and somebody else manages it.
   */
  async apply(objects: readonly KubernetesObject[], signal?: AbortSignal): Promise<void> {
    for (const object of objects) await this.#requireOurs(object.kind, signal)
    for (const object of objects)
      await this.#api.ask(objectPath(object.kind, this.namespace, this.name), {
        method: 'PATCH',
        query: { fieldManager: FIELD_MANAGER, force: 'true' },
        contentType: 'application/apply-patch+yaml', // JSON is YAML
        body: object,
        signal,
      })
  }

  /** Removes those of the objects that this tool has applied; returns what is gone. */
  async remove(kinds: readonly KubernetesObject['kind'][]): Promise<string[]> {
    const gone: string[] = []
    for (const kind of kinds) {
      const path = objectPath(kind, this.namespace, this.name)
      const found = await this.#api.find<Existing>(path)
      if (!found || managerOf(found) !== undefined) continue
      await this.#api.find(path, { method: 'DELETE', query: { propagationPolicy: 'Background' } })
      gone.push(`${kind} ${this.namespace}/${this.name}`)
    }
    return gone
  }

  async #requireOurs(kind: KubernetesObject['kind'], signal: AbortSignal | undefined): Promise<void> {
    const found = await this.#api.find<Existing>(objectPath(kind, this.namespace, this.name), { signal })
    const manager = found && managerOf(found)
    if (manager === undefined) return
    throw new CliError(
      'CLUSTER_REFUSED',
      `${kind} ${this.namespace}/${this.name} exists, and ${manager} manages it`,
      { hint: 'Change the job there, or remove it there before you submit it here.' },
    )
  }

  deployment(): Promise<Deployment | undefined> {
    return this.#api.find<Deployment>(objectPath('Deployment', this.namespace, this.name))
  }

  driverPods(): Promise<Pod[]> {
    return this.#pods('driver')
  }

  executorPods(): Promise<Pod[]> {
    return this.#pods('executor')
  }

  async #pods(component: 'driver' | 'executor'): Promise<Pod[]> {
    const query = { labelSelector: labelSelector(this.name, component) }
    const list = await this.#api.ask<{ readonly items: readonly Pod[] }>(
      `/api/v1/namespaces/${this.namespace}/pods`,
      { query },
    )
    return [...list.items]
  }

  /** Scales the driver to 0, and waits until its pod is gone: by force after this time. */
  async stop(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    const deployment = await this.deployment()
    const before = await this.driverPods()
    if (deployment?.spec?.replicas !== 0 && deployment) await this.#scaleToZero(signal)
    if (before.length === 0) return 'not-running'
    try {
      return await this.#awaitNoPod(timeoutMs, signal)
    } catch (error) {
      if (!(error instanceof WaitTimeout)) throw error
      for (const { metadata } of await this.driverPods())
        await this.#api.find(`/api/v1/namespaces/${this.namespace}/pods/${metadata.name}`, {
          method: 'DELETE',
          query: { gracePeriodSeconds: '0' },
        })
      await this.#awaitNoPod(KILLED_MS, signal)
      return 'killed'
    }
  }

  #scaleToZero(signal: AbortSignal): Promise<unknown> {
    return this.#api.ask(objectPath('Deployment', this.namespace, this.name), {
      method: 'PATCH',
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: { spec: { replicas: 0 } },
      signal,
    })
  }

  #awaitNoPod(timeoutMs: number, signal: AbortSignal): Promise<StopOutcome> {
    let outcome: StopOutcome = 'stopped'
    const check = async () => {
      const pods = await this.driverPods()
      const pod = newestPod(pods)
      if (!pod) return arrived(outcome)
      // Kubernetes itself kills what outlasts the grace period.
      if (containerOf(pod, 'driver')?.state?.terminated?.exitCode === 137) outcome = 'killed'
      return notYet(`pod ${pod.metadata.name} is ${pod.status?.phase ?? 'there'}`)
    }
    return waitUntil("the end of the driver's pod", check, { timeoutMs, intervalMs: POLL_MS, signal })
  }
}

/** Who else manages it, by applying it; undefined if it is ours, or nobody says. */
function managerOf({ metadata: { managedFields = [] } }: Existing): string | undefined {
  if (managedFields.some(({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply'))
    return undefined
  return managedFields[0]?.manager
}
