/** An object of Kubernetes, as it is applied. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: Kind
  readonly metadata: {
    readonly name: string
    readonly namespace: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly [field: string]: unknown
}

const RBAC = 'rbac.authorization.k8s.io'

/** The kinds of a job's objects, with their places in the API; in the order in which they are applied. */
export const RESOURCES = {
  ServiceAccount: { group: '', path: '/api/v1', plural: 'serviceaccounts' },
  Role: { group: RBAC, path: `/apis/${RBAC}/v1`, plural: 'roles' },
  RoleBinding: { group: RBAC, path: `/apis/${RBAC}/v1`, plural: 'rolebindings' },
  ConfigMap: { group: '', path: '/api/v1', plural: 'configmaps' },
  Secret: { group: '', path: '/api/v1', plural: 'secrets' },
  Deployment: { group: 'apps', path: '/apis/apps/v1', plural: 'deployments' },
} as const

export type Kind = keyof typeof RESOURCES

/** The path of an object in the API. */
export const objectPath = (kind: Kind, namespace: string, name: string): string =>
  `${RESOURCES[kind].path}/namespaces/${namespace}/${RESOURCES[kind].plural}/${name}`
