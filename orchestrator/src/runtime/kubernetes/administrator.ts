import { ForAdministrator } from '../../errors.ts'
import type { Right } from './access-review.ts'

/** What the owner of the namespace has to do, so that this user may do all this. */
export function rightsNeeded(namespace: string, who: string, missing: readonly Right[]): ForAdministrator {
  const texts = groups(missing).map(({ resource, verbs }) => `${verbs.join(', ')} ${resource}`)
  return new ForAdministrator(
    'CLUSTER_REFUSED',
    `${who} lacks rights in the namespace ${namespace}: ${texts.join('; ')}`,
    {
      commands: administratorCommands(namespace, missing),
      facts: {
        missing_rights: missing.map(({ verb, group, resource }) => ({ namespace, verb, group, resource })),
      },
    },
  )
}

/** Lines of a shell script. */
export function administratorCommands(namespace: string, missing: readonly Right[]): string[] {
  const role = 'cpu-anomaly-user'
  return [
    '# One role per resource, because `kubectl create role` gives each of its verbs on each of its resources.',
    ...groups(missing).flatMap(({ resource, group, verbs }) => {
      const name = `${role}-${resource.replace('/', '-')}`
      const of = group === '' ? resource : resource.replace(/^[^/]+/, `$&.${group}`)
      return [
        `kubectl -n ${namespace} create role ${name} --verb=${verbs.join(',')} --resource=${of}`,
        `kubectl -n ${namespace} create rolebinding ${name} --role=${name} --user=USER`,
      ]
    }),
    '# USER is the name by which the cluster knows this user (kubectl auth whoami); --group=GROUP or --serviceaccount=NAMESPACE:NAME do too.',
  ]
}

interface RightsOfResource {
  readonly resource: string
  readonly group: string
  readonly verbs: readonly string[]
}

function groups(rights: readonly Right[]): RightsOfResource[] {
  const resources = [...new Set(rights.map(({ resource }) => resource))]
  return resources.map((resource) => {
    const own = rights.filter((right) => right.resource === resource)
    return { resource, group: own[0]?.group ?? '', verbs: own.map(({ verb }) => verb) }
  })
}
