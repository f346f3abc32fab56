import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { DeploymentController } from './deployment-controller.ts'
import { freeRange } from './free-range.ts'
import { KubernetesDoor } from './kubernetes-door.ts'
import type { Elsewhere } from './no-secret.ts'
import { packageRoot } from './stack.ts'
import { NAMESPACE, onOneMachine, TestKubernetes } from './test-kubernetes.ts'

const script = join(packageRoot, '..', 'shared', 'clusters', 'k8s-fake.sh')

/** The cluster comes from a script beside this folder, which may be missing. */
export const hasFakeKubernetes = existsSync(script)

/**
 * A Kubernetes API in memory whose pods are processes of this machine. It knows pods, config maps and secrets; what it does
 * not know, Deployments and logs, is added here, where the product cannot tell the difference.
 */
export class FakeKubernetes extends TestKubernetes {
  readonly #folder: string
  readonly #port: number
  readonly #door: KubernetesDoor
  readonly #controller: DeploymentController

  private constructor(folder: string, port: number, door: KubernetesDoor) {
    super()
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

  async settings(): Promise<Record<string, string>> {
    return {
      ...(await onOneMachine()),
      SPARK_MASTER: `k8s://${this.#door.url}`,
      SPARK_IMAGE: 'none',
      'SPARK_CONF_spark.kubernetes.driver.master': this.api,
    }
  }

  async deletePod(name: string): Promise<void> {
    await this.#run('delete', name)
  }

  /** What commands may not do from now on, such as `create secrets`. */
  deny(...what: readonly string[]): void {
    this.#door.denied = what
  }

  get elsewhere(): Elsewhere {
    return { folder: this.#pods, isPrivate: /\/secrets?\// }
  }

  async logs(): Promise<string> {
    const logs = (await readdir(this.#pods)).map((pod) => readFile(join(this.#pods, pod, 'log'), 'utf8'))
    return (await Promise.all(logs)).join('')
  }

  protected async list(resource: string, group: string): Promise<unknown> {
    return (await fetch(`${this.api}/${group}/namespaces/${NAMESPACE}/${resource}`)).json()
  }

  async remove(): Promise<void> {
    await this.#controller.stop()
    await this.#door.close()
    await this.#run('down')
    if (process.env.CPU_ANOMALY_E2E_KEEP) return console.warn(`kept: ${this.#folder}`)
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #pods(): string {
    return join(this.#folder, 'pods')
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
