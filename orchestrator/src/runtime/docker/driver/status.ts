import type { ContainerInspectInfo } from 'dockerode'
import type { DriverStatus } from '../../runtime.ts'
import { driverStatus, type SupervisorState } from '../../supervisor-state.ts'
import { containerName } from '../container/inspect.ts'
import { exitText } from '../container/state.ts'
import { SIGNAL_EXIT_CODE } from './spec.ts'

/** The state that the supervisor recorded, corrected by the state of its container. */
export function containerDriverStatus(
  recorded: SupervisorState | undefined,
  info: ContainerInspectInfo,
): DriverStatus {
  const { State: state, HostConfig: host } = info
  const status = driverStatus(recorded, {
    isSupervisorAlive: state.Running && !state.Restarting,
    // The driver never outlives its container, inside which it cannot be seen.
    isDriverAlive: state.Running ? undefined : false,
    container: containerName(info),
  })
  if (state.Restarting)
    return { ...status, state: 'backing-off', reason: `Docker restarts it (${exitText(info)})` }
  if (state.Running) return status
  // `stop` removes the restart policy first: if there still is one, something else stopped the container.
  if (state.ExitCode === SIGNAL_EXIT_CODE && host.RestartPolicy?.Name !== 'no')
    return { ...status, state: 'lost', reason: 'Docker stopped its container' }
  return status.state === 'lost' ? { ...status, reason: exitText(info) } : status
}
