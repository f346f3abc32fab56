import type { Config } from '../../config/config.ts'
import { givenServiceAccount, objectLabels } from './names.ts'
import type { KubernetesObject } from './objects.ts'

/** What Spark's driver does with its executors, and with its own pod, which they belong to. */
export const DRIVER_RULES = [
  {
    apiGroups: [''],
    resources: ['pods'],
    verbs: ['get', 'list', 'watch', 'create', 'delete', 'deletecollection'],
  },
] as const

/** The account of the driver's pod with the least rights; nothing if the cluster's owner has made one. */
export function rightsObjects(config: Config, name: string, namespace: string): KubernetesObject[] {
  if (givenServiceAccount(config) !== undefined) return []
  const metadata = { name, namespace, labels: objectLabels(name) }
  const rbac = 'rbac.authorization.k8s.io'
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules: DRIVER_RULES },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ]
}
