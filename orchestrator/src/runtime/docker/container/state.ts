import type { ContainerInspectInfo } from 'dockerode'
import type { PartStatus } from '../../runtime.ts'
import { containerName } from './inspect.ts'

type Part = PartStatus['part']

/** The state from `docker inspect`, as `status` shows it. */
export function partStatus(part: Part, info: ContainerInspectInfo, address: string | undefined): PartStatus {
  const { State: state } = info
  const base = { part, container: containerName(info), ...(address ? { address } : {}) }
  if (state.Restarting)
    return {
      ...base,
      state: 'unhealthy',
      detail: `it keeps exiting (${exitText(info)}); Docker restarts it`,
    }
  if (!state.Running)
    return {
      ...base,
      state: 'stopped',
      detail: state.Status === 'created' ? 'never started' : exitText(info),
    }
  const health = state.Health?.Status
  if (health === 'unhealthy') return { ...base, state: 'unhealthy', detail: healthText(info) }
  return { ...base, state: health === 'starting' ? 'starting' : 'running' }
}

/** How a container exited. */
export function exitText({ State: state, HostConfig: host }: ContainerInspectInfo): string {
  if (state.OOMKilled) return `out of memory (its limit is ${Math.round((host.Memory ?? 0) / 2 ** 20)} MB)`
  return state.Error || `exit code ${state.ExitCode}`
}

function healthText({ State: state }: ContainerInspectInfo): string {
  const last = state.Health?.Log?.at(-1)
  const message = last?.Output.trim().split('\n').at(-1)
  return message ? `its health check fails: ${message}` : 'its health check fails'
}

/** True if this container, started since then, has failed for good: waiting longer would not help. */
export function hasFailedForGood(
  { State: state, RestartCount }: ContainerInspectInfo,
  sinceMs: number,
): boolean {
  if (Date.parse(state.StartedAt) < sinceMs) return false // an older failure
  return state.Status === 'dead' || RestartCount >= 2 || (state.OOMKilled && !state.Running)
}
