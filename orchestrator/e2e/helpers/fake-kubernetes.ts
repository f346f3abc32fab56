import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { freePorts } from '../../src/system/ports.ts'
import { DeploymentController } from './deployment-controller.ts'
import { freeRange } from './free-range.ts'
import { KubernetesDoor } from './kubernetes-door.ts'
import { packageRoot } from './stack.ts'

const script = join(packageRoot, '..', 'shared', 'clusters', 'k8s-fake.sh')

/** The cluster comes from a script beside this folder, which may be missing. */
export const hasFakeKubernetes = existsSync(script)

const NAMESPACE = 'spark'

/**
 * A Kubernetes API in memory whose pods are processes of this machine. It knows pods, config maps and secrets; what it does
 * not know, Deployments and logs, is added here, where the product cannot tell the difference.
 */
export class FakeKubernetes {
  readonly #folder: string
  readonly #port: number
  readonly #door: KubernetesDoor
  readonly #controller: DeploymentController

  private constructor(folder: string, port: number, door: KubernetesDoor) {
    this.#folder = folder
    this.#port = port
    this.#door = door
    this.#controller = new DeploymentController(this.api, NAMESPACE)
  }

  static async start(): Promise<FakeKubernetes> {
    const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-given-'))
    const port = await freeRange([0])
    const door = new KubernetesDoor(`http://127.0.0.1:${port}`, join(folder, 'pods'))
    const fake = new FakeKubernetes(folder, port, door)
    await fake.#run('up')
    await door.open()
    await fake.#makeNamespace()
    fake.#controller.start()
    return fake
  }

  /** Of the API itself, as its pods see it. */
  get api(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** For `.env`. Each job has ports of its own, because all pods are on this machine. */
  async settings(): Promise<Record<string, string>> {
    const [driver = 0, blocks = 0] = await freePorts(2)
    return {
      RUNTIME: 'auto',
      SPARK_MASTER: `k8s://${this.#door.url}`,
      SPARK_IMAGE: 'none',
      'SPARK_CONF_spark.kubernetes.namespace': NAMESPACE,
      'SPARK_CONF_spark.kubernetes.driver.master': this.api,
      'SPARK_CONF_spark.driver.port': String(driver),
      'SPARK_CONF_spark.driver.blockManager.port': String(blocks),
      'SPARK_CONF_spark.blockManager.port': '0',
      'SPARK_CONF_spark.shuffle.readHostLocalDisk': 'false',
    }
  }

  /** The names of the pods of this kind that run. */
  async pods(component: 'driver' | 'executor'): Promise<string[]> {
    const { items } = (await this.get('pods')) as { items: Pod[] }
    return items
      .filter(({ metadata, status }) => isOf(metadata.labels, component) && status?.phase === 'Running')
      .map(({ metadata }) => metadata.name)
  }

  /** Deletes a pod, as a person or a drained node does. */
  async deletePod(name: string): Promise<void> {
    await this.#run('delete', name)
  }

  /** What this user may not do from now on, such as `create secrets`. */
  deny(...what: readonly string[]): void {
    this.#door.denied = what
  }

  /** The kinds of objects that hold a text, in clear or encoded. */
  async holders(text: string): Promise<string[]> {
    const encoded = [0, 1, 2].map((shift) => innerBase64(text, shift))
    const found: string[] = []
    for (const [resource, group] of OF_A_JOB) {
      const objects = JSON.stringify(await this.get(resource, group))
      if ([text, ...encoded].some((form) => objects.includes(form))) found.push(resource)
    }
    return found
  }

  /** Everything of this tool that the cluster has; without the pods of executors, which it would collect. */
  async left(): Promise<string[]> {
    const names: string[] = []
    for (const [resource, group] of OF_A_JOB) {
      const { items } = (await this.get(resource, group)) as { items: Pod[] }
      const own = items.filter(
        ({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] !== 'executor',
      )
      names.push(...own.map(({ metadata }) => `${resource} ${metadata.name}`))
    }
    return names
  }

  async get(resource: string, group = 'api/v1'): Promise<unknown> {
    return (await fetch(`${this.api}/${group}/namespaces/${NAMESPACE}/${resource}`)).json()
  }

  async remove(): Promise<void> {
    await this.#controller.stop()
    await this.#door.close()
    await this.#run('down')
    if (process.env.CPU_ANOMALY_E2E_KEEP) return console.warn(`kept: ${this.#folder}`)
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Everything that pods wrote to their logs. */
  log(pod: string): Promise<string> {
    return readFile(join(this.#folder, 'pods', pod, 'log'), 'utf8')
  }

  async #makeNamespace(): Promise<void> {
    await fetch(`${this.api}/api/v1/namespaces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }),
    })
  }

  async #run(command: string, ...args: readonly string[]): Promise<void> {
    await execa('bash', [script, command, this.#folder, ...args], {
      env: { K8S_FAKE_PORT: String(this.#port) },
    })
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

/** A text inside of another one that is encoded: its first and last characters there depend on its neighbours. */
const innerBase64 = (text: string, shift: number): string =>
  Buffer.from('x'.repeat(shift) + text)
    .toString('base64')
    .slice(Math.ceil((shift * 4) / 3), -4)

interface Pod {
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> }
  readonly status?: { readonly phase?: string }
}

const isOf = (labels: Record<string, string> = {}, component: string): boolean =>
  labels['app.kubernetes.io/component'] === component
