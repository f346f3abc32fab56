import type { ContainerInspectInfo } from 'dockerode'
import type { PartStatus } from '../../runtime.ts'

type Part = PartStatus['part']

/** What `docker inspect` says, in the words of `status`. */
export function partStatus(part: Part, info: ContainerInspectInfo, address: string | undefined): PartStatus {
  const { State: state } = info
  const base = { part, container: info.Name.replace(/^\//, ''), ...(address ? { address } : {}) }
  if (state.Restarting)
    return {
      ...base,
      state: 'unhealthy',
      detail: `it keeps ending (${endText(info)}); Docker starts it again`,
    }
  if (!state.Running)
    return { ...base, state: 'stopped', detail: state.Status === 'created' ? 'never started' : endText(info) }
  const health = state.Health?.Status
  if (health === 'unhealthy') return { ...base, state: 'unhealthy', detail: healthText(info) }
  return { ...base, state: health === 'starting' ? 'starting' : 'running' }
}

/** How a container ended. */
export function endText({ State: state, HostConfig: host }: ContainerInspectInfo): string {
  if (state.OOMKilled) return `out of memory (its limit is ${Math.round((host.Memory ?? 0) / 2 ** 20)} MB)`
  return state.Error || `exit code ${state.ExitCode}`
}

function healthText({ State: state }: ContainerInspectInfo): string {
  const last = state.Health?.Log?.at(-1)
  const said = last?.Output.trim().split('\n').at(-1)
  return said ? `its health check fails: ${said}` : 'its health check fails'
}

/** Has this container, started since then, failed in a way that waiting longer does not mend? */
export function isLost({ State: state, RestartCount }: ContainerInspectInfo, sinceMs: number): boolean {
  if (Date.parse(state.StartedAt) < sinceMs) return false // what it did before is no news
  return state.Status === 'dead' || RestartCount >= 2 || (state.OOMKilled && !state.Running)
}
