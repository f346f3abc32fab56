import type { Config } from '../../config/config.ts'
import { CliError } from '../../errors.ts'
import type { DoctorCheck } from '../runtime.ts'
import { missingRights, neededRights, requireNamespace } from './access-review.ts'
import { rightsNeeded } from './administrator.ts'
import type { KubernetesApi } from './api.ts'

/** The way to the cluster, step by step. */
export function kubernetesChecks(api: KubernetesApi, namespace: string, config: Config): DoctorCheck[] {
  return [
    { title: 'Kubernetes login', run: async () => (await api.login()).who },
    {
      title: 'Kubernetes API',
      run: async (signal) => {
        const { gitVersion } = await api.ask<{ readonly gitVersion?: string }>('/version', { signal })
        return `${(await api.login()).url}, Kubernetes ${gitVersion ?? 'of an unknown version'}`
      },
    },
    {
      title: 'namespace',
      run: async (signal) => {
        await requireNamespace(api, namespace, signal)
        return namespace
      },
    },
    {
      title: 'rights',
      run: async (signal) => {
        const rights = neededRights(config)
        const missing = await missingRights(api, namespace, rights, signal)
        if (missing.length === 0) return `all ${rights.length} that this tool needs in ${namespace}`
        const needed = rightsNeeded(namespace, (await api.login()).who, missing)
        throw new CliError(needed.code, needed.message, { hint: needed.commands.join('\n') })
      },
    },
  ]
}
