import type { Config } from '../../config/config.ts'
import { CliError } from '../../errors.ts'
import type { KubernetesApi } from './api.ts'
import { ApiRefusal } from './failures.ts'
import { givenServiceAccount } from './names.ts'
import { type Kind, RESOURCES } from './objects.ts'
import { DRIVER_RULES } from './rights.ts'

/** Something that this tool does in the job's namespace. */
export interface Right {
  readonly verb: string
  readonly group: string
  /** With a subresource: `pods/log`. */
  readonly resource: string
}

/** The kinds of objects that the job has: without rights of its own if the cluster's owner has made its account. */
export const kindsOf = (config: Config): Kind[] =>
  givenServiceAccount(config) === undefined
    ? (Object.keys(RESOURCES) as Kind[])
    : ['ConfigMap', 'Secret', 'Deployment']

/** All rights that `submit`, `status`, `logs`, `stop` and `down` need. */
export function neededRights(config: Config): Right[] {
  const kinds = kindsOf(config)
  const objects = kinds.flatMap((kind) => {
    const { group, plural: resource } = RESOURCES[kind]
    return ['get', 'create', 'patch', 'delete'].map((verb) => ({ verb, group, resource }))
  })
  // Nobody can give what they do not have themselves.
  const given = kinds.includes('Role') ? DRIVER_RULES.flatMap(({ verbs }) => verbs) : []
  const verbs = new Set(['list', 'delete', ...given])
  const pods = [...verbs].map((verb) => ({ verb, group: '', resource: 'pods' }))
  return [...objects, ...pods, { verb: 'get', group: '', resource: 'pods/log' }]
}

/** Those that this user has not, by the API's own account. */
export async function missingRights(
  api: KubernetesApi,
  namespace: string,
  rights: readonly Right[],
  signal?: AbortSignal,
): Promise<Right[]> {
  const allowed = await Promise.all(rights.map((right) => isAllowed(api, namespace, right, signal)))
  return rights.filter((_, index) => !allowed[index])
}

interface AccessReview {
  readonly status?: { readonly allowed?: boolean }
}

async function isAllowed(
  api: KubernetesApi,
  namespace: string,
  { verb, group, resource: path }: Right,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const [resource, subresource] = path.split('/')
  const resourceAttributes = { namespace, verb, group, resource, ...(subresource && { subresource }) }
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  }
  const reviews = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const review = await api.ask<AccessReview>(reviews, { method: 'POST', body, signal })
  return review.status?.allowed === true
}

/** @throws CliError CONFIGURATION when the namespace does not exist. */
export async function requireNamespace(
  api: KubernetesApi,
  namespace: string,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await api.ask(`/api/v1/namespaces/${namespace}`, { signal })
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status === 401) throw error
    if (error.status === 403) return // who may not look at namespaces may still work in this one
    if (error.status !== 404) throw error
    throw new CliError(
      'CONFIGURATION',
      `SPARK_CONF_spark.kubernetes.namespace=${namespace}: there is no such namespace`,
      {
        hint: `Write an existing one, or have it made: kubectl create namespace ${namespace}`,
      },
    )
  }
}
