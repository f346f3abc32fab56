import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const POLL_MS = 300

interface Meta {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
}

interface Deployment {
  readonly metadata: Meta
  readonly spec: {
    readonly replicas: number
    readonly template: { readonly metadata: object; readonly spec: object }
  }
}

interface Pod {
  readonly metadata: Meta
  readonly status?: { readonly phase?: string }
}

const INSTANCE = 'app.kubernetes.io/instance'

/** What Kubernetes does with Deployments of one replica, as far as this tool relies on it. */
export class DeploymentController {
  readonly #namespace: string
  readonly #over = new AbortController()
  #work: Promise<void> | undefined
  #made = 0

  constructor(api: string, namespace: string) {
    this.#namespace = `${api}/XX/namespaces/${namespace}`
  }

  start(): void {
    this.#work = this.#loop()
  }

  async stop(): Promise<void> {
    this.#over.abort()
    await this.#work
  }

  async #loop(): Promise<void> {
    const { signal } = this.#over
    while (!signal.aborted) {
      for (const deployment of await this.#list<Deployment>('apis/apps/v1', 'deployments'))
        await this.#reconcile(deployment)
      await delay(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  async #reconcile({ metadata, spec }: Deployment): Promise<void> {
    const pods = (await this.#list<Pod>('api/v1', 'pods')).filter(
      ({ metadata: { labels } }) =>
        labels?.[INSTANCE] === metadata.name && labels['app.kubernetes.io/component'] === 'driver',
    )
    const isAlive = ({ status }: Pod) => status?.phase === 'Running' || status?.phase === 'Pending'
    for (const pod of pods)
      if (spec.replicas === 0 && isAlive(pod)) await terminate(pod.metadata.name)
      else if (!isAlive(pod)) await this.#delete(pod.metadata.name)
    if (spec.replicas === 1 && pods.length === 0) await this.#create(metadata.name, spec.template)
  }

  async #create(name: string, template: Deployment['spec']['template']): Promise<void> {
    this.#made += 1
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { ...template.metadata, name: `${name}-${this.#made}` },
      spec: template.spec,
    }
    await fetch(this.#url('api/v1', 'pods'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(pod),
    })
  }

  async #delete(name: string): Promise<void> {
    await fetch(`${this.#url('api/v1', 'pods')}/${name}`, { method: 'DELETE' })
  }

  async #list<T>(group: string, resource: string): Promise<T[]> {
    const answer = (await (await fetch(this.#url(group, resource))).json()) as { items?: T[] }
    return answer.items ?? []
  }

  #url(group: string, resource: string): string {
    return `${this.#namespace.replace('XX', group)}/${resource}`
  }
}

/** Sends SIGTERM to a pod's first process, as the kubelet does: the one whose working directory is the pod's folder. */
async function terminate(pod: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [cwd, command] = await Promise.all([
      readlink(`/proc/${pid}/cwd`).catch(() => ''),
      readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    ])
    if (cwd.endsWith(`/pods/${pod}`) && command.includes('supervise.py')) process.kill(Number(pid), 'SIGTERM')
  }
}
