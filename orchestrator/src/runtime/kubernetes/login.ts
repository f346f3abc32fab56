import type { RequestOptions } from 'node:https'
import { CliError, errorMessage } from '../../errors.ts'

/** How requests to one API server are made. */
export interface Login {
  /** Without a slash at its end. */
  readonly url: string
  /** Who logs in, and by what; for people. */
  readonly who: string
  /** Adds what a request needs to be let in: certificates, a token. May run a program of the kubeconfig. */
  readonly apply: (options: RequestOptions) => Promise<void>
}

/** The URL that SPARK_MASTER names: `k8s://https://host:6443`. */
export function apiUrl(master: string): string {
  const url = master.replace(/^k8s:\/\//, '').replace(/\/+$/, '')
  return /^https?:\/\//.test(url) ? url : `https://${url}`
}

/**
 * By the context of the kubeconfig (KUBECONFIG, or ~/.kube/config) whose cluster is this one. Plain HTTP has no login.
 * @throws CliError CONFIGURATION without such a context, and for a kubeconfig that cannot be read.
 */
export async function logIn(master: string): Promise<Login> {
  const url = apiUrl(master)
  if (url.startsWith('http://')) return { url, who: 'nobody: plain HTTP has no login', apply: async () => {} }
  // Loaded here only: it takes most of a second.
  const { KubeConfig } = await import('@kubernetes/client-node')
  const kubeconfig = new KubeConfig()
  try {
    kubeconfig.loadFromDefault()
  } catch (error) {
    throw new CliError('CONFIGURATION', `the kubeconfig cannot be read: ${errorMessage(error)}`, {
      hint: 'Correct it (KUBECONFIG, or ~/.kube/config): `kubectl config view` must work.',
      cause: error,
    })
  }
  const contexts = contextsOf(kubeconfig, url)
  const name = contexts.find((context) => context === kubeconfig.currentContext) ?? contexts[0]
  if (name === undefined) throw noContext(url, kubeconfig.clusters)
  kubeconfig.setCurrentContext(name)
  const user = kubeconfig.getCurrentUser()?.name ?? 'nobody'
  return {
    url,
    who: `${user} (context ${name})`,
    apply: (options) => kubeconfig.applyToHTTPSOptions(options),
  }
}

interface Kubeconfig {
  readonly contexts: readonly { readonly name: string; readonly cluster: string }[]
  readonly clusters: readonly { readonly name: string; readonly server?: string }[]
}

/** The contexts whose cluster has this URL. */
export function contextsOf({ contexts, clusters }: Kubeconfig, url: string): string[] {
  const names = clusters.filter(({ server }) => server && isSameUrl(server, url)).map(({ name }) => name)
  return contexts.filter(({ cluster }) => names.includes(cluster)).map(({ name }) => name)
}

function isSameUrl(a: string, b: string): boolean {
  const [left, right] = [a, b].map((url) => (URL.canParse(url) ? new URL(url) : undefined))
  const path = (url: URL | undefined) => url?.pathname.replace(/\/+$/, '')
  return left !== undefined && left.origin === right?.origin && path(left) === path(right)
}

function noContext(url: string, clusters: Kubeconfig['clusters']): CliError {
  const known = clusters.flatMap(({ server }) => (server ? [server] : []))
  return new CliError(
    'CONFIGURATION',
    `SPARK_MASTER=k8s://${url}: the kubeconfig has no context for this server`,
    {
      details: known.length > 0 ? [`it has contexts for ${known.join(', ')}`] : [],
      hint: 'Correct SPARK_MASTER, or name another kubeconfig in KUBECONFIG; `kubectl config get-contexts` lists what it has.',
    },
  )
}
