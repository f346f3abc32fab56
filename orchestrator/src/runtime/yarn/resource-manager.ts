import { userInfo } from 'node:os'
import type { z } from 'zod'
import { isLoopback } from '../../config/given-servers.ts'
import { CliError, errorMessage } from '../../errors.ts'
import type { ShellEnvironment } from '../../system/child-environment.ts'
import { connectOnce } from '../../system/connect.ts'
import { type HadoopSettings, readHadoopSettings } from './hadoop-settings.ts'

const ANSWER_MS = 10_000

/** The ResourceManager of a cluster: several, of which one is active, where there is a standby. */
export class ResourceManager {
  /** Of their web servers, such as `http://rm-1.example.org:8088`. */
  readonly addresses: readonly string[]
  readonly #settings: HadoopSettings
  readonly #user: string

  constructor(settings: HadoopSettings, user: string) {
    this.addresses = webAddresses(settings)
    this.#settings = settings
    this.#user = user
  }

  /** @throws CliError CONFIGURATION when the shell does not say where Hadoop's settings are. */
  static async of(shell: ShellEnvironment): Promise<ResourceManager> {
    return new ResourceManager(await readHadoopSettings(shell), userName(shell))
  }

  get folder(): string {
    return this.#settings.folder
  }

  /** Of the web servers of its nodes, too: `http:` or `https:`. */
  get scheme(): string {
    return new URL(this.addresses[0] ?? 'http://').protocol
  }

  /** Is the cluster on this machine? */
  get isHere(): boolean {
    return this.addresses.every((address) => isLoopback(address.replace(/^https?:\/\//, '')))
  }

  /**
   * What it answers at `/ws/v1/cluster/` and this path; undefined if it knows nothing of that name.
   * @throws CliError CLUSTER_UNREACHABLE when none answers, or the answer cannot be used.
   */
  async get<T>(path: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T | undefined> {
    const response = await this.#ask(path, { method: 'GET' }, signal)
    if (response.status === 404) return undefined
    const { data } = schema.safeParse(await response.json().catch(() => undefined))
    if (response.ok && data !== undefined) return data
    throw unreachable(`${response.url} gives an answer that is not a ResourceManager's (${response.status})`)
  }

  /** Asks YARN to kill an application; it may still run when this returns. */
  async kill(id: string, signal?: AbortSignal): Promise<void> {
    const body = JSON.stringify({ state: 'KILLED' })
    const headers = { 'Content-Type': 'application/json' }
    const response = await this.#ask(`apps/${id}/state`, { method: 'PUT', body, headers }, signal)
    if (response.ok || response.status === 404) return
    const why = (await response.text()).match(/"message":"([^"]*)/)?.[1] ?? response.statusText
    throw new CliError('CLUSTER_UNREACHABLE', `YARN does not kill ${id} (${response.status}): ${why}`, {
      hint: `Kill it as its user: \`yarn application -kill ${id}\`.`,
    })
  }

  /** The address of this machine from which the active ResourceManager is reached. */
  async addressTowards(signal?: AbortSignal): Promise<string> {
    const failures: string[] = []
    for (const address of this.addresses)
      try {
        return await localAddress(new URL(address), signal)
      } catch (error) {
        signal?.throwIfAborted()
        failures.push(errorMessage(error))
      }
    throw unreachable(`no ResourceManager answers at ${this.addresses.join(', ')}: ${failures.join('; ')}`)
  }

  async #ask(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    const failures: string[] = []
    for (const address of this.addresses)
      try {
        const url = `${address}/ws/v1/cluster/${path}`
        const response = await fetch(withUser(url, this.#user), { ...init, signal: limited(signal) })
        if (response.status === 401) throw needsLogin(url)
        if (response.status < 500) return response // a standby sends on to the active one
        failures.push(`${response.status} ${response.statusText}`)
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof CliError) throw error
        failures.push(reasonOf(error))
      }
    throw unreachable(`no ResourceManager answers at ${this.addresses.join(', ')}: ${failures.join('; ')}`)
  }
}

/** Web addresses as YARN takes them from its settings, with YARN's own defaults. */
export function webAddresses(settings: HadoopSettings): string[] {
  const isHttps = settings.get('yarn.http.policy') === 'HTTPS_ONLY'
  const [scheme, port] = isHttps ? ['https', 8090] : ['http', 8088]
  const key = `yarn.resourcemanager.webapp.${isHttps ? 'https.' : ''}address`
  const of = (suffix: string): string => {
    const host = settings.get(`yarn.resourcemanager.hostname${suffix}`) ?? '0.0.0.0'
    const address = settings.get(`${key}${suffix}`) ?? `${host}:${port}`
    return `${scheme}://${address.replace(/^0\.0\.0\.0(?=:|$)/, '127.0.0.1')}`
  }
  const ids = settings.get('yarn.resourcemanager.ha.enabled') === 'true' && settings.get(`${RM}.ha.rm-ids`)
  return ids ? ids.split(',').map((id) => of(`.${id.trim()}`)) : [of('')]
}

const RM = 'yarn.resourcemanager'

/** As whom Hadoop's client uses a cluster that has no Kerberos. */
const userName = ({ HADOOP_USER_NAME: name }: ShellEnvironment): string => name || userInfo().username

/** Clusters without Kerberos that do not take every caller for one static user read the name here. */
function withUser(url: string, user: string): string {
  const named = new URL(url)
  named.searchParams.set('user.name', user)
  return named.href
}

const limited = (signal: AbortSignal | undefined): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(ANSWER_MS), ...(signal ? [signal] : [])])

/** Of a failed request, Node's error has the reason only in its cause. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error ? error.cause.message : errorMessage(error)

function localAddress({ hostname, port, protocol }: URL, signal: AbortSignal | undefined): Promise<string> {
  const to = { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) }
  const late = () => new Error(`no answer from ${to.host}:${to.port} within ${ANSWER_MS / 1_000} s`)
  return connectOnce(to, { timeoutMs: ANSWER_MS, signal, late })
}

const unreachable = (message: string): CliError =>
  new CliError('CLUSTER_UNREACHABLE', message, {
    hint: 'Check HADOOP_CONF_DIR, or have YARN started, and the way to its port opened. Whether a job runs there is not known.',
  })

const needsLogin = (url: string): CliError =>
  new CliError('CLUSTER_UNREACHABLE', `${url} wants a login (401)`, {
    hint: 'Clusters with Kerberos are not supported: this version uses YARN by the name in HADOOP_USER_NAME only.',
  })
