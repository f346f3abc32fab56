import { freePorts } from '../../src/system/ports.ts'
import { base64Forms } from './base64.ts'
import type { Elsewhere } from './no-secret.ts'

/** Where the job's pods are. */
export const NAMESPACE = 'spark'

/** Each job has ports of its own, because all pods are on this machine. */
export async function onOneMachine(): Promise<Record<string, string>> {
  const [driver = 0, blocks = 0] = await freePorts(2)
  return {
    RUNTIME: 'auto',
    'SPARK_CONF_spark.kubernetes.namespace': NAMESPACE,
    'SPARK_CONF_spark.driver.port': String(driver),
    'SPARK_CONF_spark.driver.blockManager.port': String(blocks),
    'SPARK_CONF_spark.blockManager.port': '0',
    'SPARK_CONF_spark.shuffle.readHostLocalDisk': 'false',
  }
}

interface Item {
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> }
  readonly status?: { readonly phase?: string }
}

/** A Kubernetes that somebody else runs, with a namespace for this tool. */
export abstract class TestKubernetes {
  /** For `.env`. */
  abstract settings(): Promise<Record<string, string>>

  /** Deletes a pod at once, as when its node is lost. */
  abstract deletePod(name: string): Promise<void>

  abstract remove(): Promise<void>

  /** What pods have on this machine. */
  abstract readonly elsewhere: Elsewhere

  /** What the pods of the job have written to their logs. */
  abstract logs(): Promise<string>

  /** The objects of a kind in the namespace, as the API lists them; `group` is a path such as `apis/apps/v1`. */
  protected abstract list(resource: string, group: string): Promise<unknown>

  /** The names of the pods of this kind that run. */
  async pods(component: 'driver' | 'executor'): Promise<string[]> {
    const pods = await this.#items('pods', 'api/v1')
    return pods
      .filter((pod) => componentOf(pod) === component && pod.status?.phase === 'Running')
      .map(({ metadata }) => metadata.name)
  }

  /** The kinds of objects that hold a text, in clear or encoded. */
  async holders(text: string): Promise<string[]> {
    const forms = [text, ...base64Forms(text)]
    const found: string[] = []
    for (const [resource, group] of [...OF_A_JOB, ['events', 'api/v1']] as const) {
      const objects = JSON.stringify(await this.list(resource, group))
      if (forms.some((form) => objects.includes(form))) found.push(resource)
    }
    return found
  }

  /** Everything of this tool that the cluster has; without the pods of executors, which it would collect. */
  async left(): Promise<string[]> {
    const names: string[] = []
    for (const [resource, group] of OF_A_JOB)
      for (const item of await this.#items(resource, group))
        if (isOwn(item) && componentOf(item) !== 'executor') names.push(`${resource} ${item.metadata.name}`)
    return names
  }

  async #items(resource: string, group: string): Promise<readonly Item[]> {
    return ((await this.list(resource, group)) as { items?: Item[] }).items ?? []
  }
}

const OF_A_JOB = [
  ['pods', 'api/v1'],
  ['configmaps', 'api/v1'],
  ['secrets', 'api/v1'],
  ['serviceaccounts', 'api/v1'],
  ['roles', 'apis/rbac.authorization.k8s.io/v1'],
  ['rolebindings', 'apis/rbac.authorization.k8s.io/v1'],
  ['deployments', 'apis/apps/v1'],
] as const

const isOwn = ({ metadata }: Item): boolean => metadata.labels?.['app.kubernetes.io/name'] === 'cpu-anomaly'

const componentOf = ({ metadata }: Item): string | undefined =>
  metadata.labels?.['app.kubernetes.io/component']
