import type { ContainerInspectInfo } from 'dockerode'
import type { DriverStatus } from '../../runtime.ts'
import { driverStatus, type SupervisorState } from '../../supervisor-state.ts'
import { endText } from '../container/state.ts'
import { SIGNAL_EXIT_CODE } from './spec.ts'

/** The supervisor's account, corrected by what the engine says of its container. */
export function containerDriverStatus(
  account: SupervisorState | undefined,
  info: ContainerInspectInfo,
): DriverStatus {
  const { State: state, HostConfig: host } = info
  const status = driverStatus(account, {
    supervisorLives: state.Running && !state.Restarting,
    driverLives: false, // it never outlives its container
    container: info.Name.replace(/^\//, ''),
  })
  if (state.Restarting)
    return { ...status, state: 'backing-off', reason: `Docker starts it again (${endText(info)})` }
  if (state.Running) return status
  // `stop` takes the restart policy away first: whoever else ended it did not mean the job.
  if (state.ExitCode === SIGNAL_EXIT_CODE && host.RestartPolicy?.Name !== 'no')
    return { ...status, state: 'lost', reason: 'Docker stopped its container' }
  return status.state === 'lost' ? { ...status, reason: endText(info) } : status
}
