import type { DriverStatus } from './runtime.ts'

/** What `spark-job/supervise.py` writes at each change of state. */
export interface SupervisorState {
  readonly state: 'starting' | 'running' | 'backing-off' | 'gave-up' | 'failed' | 'stopped'
  readonly attempt: number
  readonly restarts: number
  readonly started_at: string
  readonly supervisor_pid: number
  readonly driver_pid: number | null
  /** With the pid, what identifies the driver's process; see `process-identity.ts`. */
  readonly driver_start: string | null
  readonly exit_code: number | null
  readonly reason: string | null
}

export interface Living {
  readonly supervisorPid?: number
  readonly supervisorLives: boolean
  readonly driverLives: boolean
  readonly container?: string
}

const ENDED = new Set<DriverStatus['state']>(['gave-up', 'failed', 'stopped'])

/** The supervisor's account, corrected by what really lives: a file outlives the processes it speaks of. */
export function driverStatus(state: SupervisorState | undefined, living: Living): DriverStatus {
  return {
    state: trueState(state, living),
    attempt: state?.attempt ?? 0,
    restarts: state?.restarts ?? 0,
    startedAt: state?.started_at ?? '',
    ...(living.supervisorLives && living.supervisorPid ? { supervisorPid: living.supervisorPid } : {}),
    ...(living.driverLives && state?.driver_pid ? { pid: state.driver_pid } : {}),
    ...(living.container ? { container: living.container } : {}),
    ...(typeof state?.exit_code === 'number' ? { exitCode: state.exit_code } : {}),
    ...(state?.reason ? { reason: state.reason } : {}),
  }
}

function trueState(state: SupervisorState | undefined, living: Living): DriverStatus['state'] {
  if (living.supervisorLives) return state?.state ?? 'starting'
  if (living.driverLives) return 'orphaned'
  return state && ENDED.has(state.state) ? state.state : 'lost'
}
