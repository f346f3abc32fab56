import { z } from 'zod'
import type { DriverStatus } from './runtime.ts'

/** What `spark-job/supervise.py` writes at each change of state. */
export const supervisorStateSchema = z.object({
  state: z.enum(['starting', 'running', 'backing-off', 'gave-up', 'failed', 'stopped']),
  attempt: z.int(),
  restarts: z.int(),
  started_at: z.string(),
  /** When it entered this state. */
  since: z.string().optional(),
  supervisor_pid: z.int(),
  driver_pid: z.int().nullable(),
  /** Identifies the driver's process, together with its pid; see `process-identity.ts`. */
  driver_start: z.string().nullable(),
  exit_code: z.int().nullable(),
  reason: z.string().nullable(),
})
export type SupervisorState = Readonly<z.infer<typeof supervisorStateSchema>>

/** Which of a driver's processes are alive. */
export interface LiveProcesses {
  readonly supervisorPid?: number
  readonly isSupervisorAlive: boolean
  /** Undefined if that cannot be seen from here, as in a container. */
  readonly isDriverAlive: boolean | undefined
  readonly container?: string
}

const ENDED = new Set<DriverStatus['state']>(['gave-up', 'failed', 'stopped'])

/** The recorded state, corrected by which processes are alive: the file outlives the processes that it describes. */
export function driverStatus(state: SupervisorState | undefined, processes: LiveProcesses): DriverStatus {
  return {
    state: actualState(state, processes),
    attempt: state?.attempt ?? 0,
    restarts: state?.restarts ?? 0,
    startedAt: state?.started_at ?? '',
    ...(state?.since ? { since: state.since } : {}),
    ...(processes.isSupervisorAlive && processes.supervisorPid
      ? { supervisorPid: processes.supervisorPid }
      : {}),
    ...(processes.isDriverAlive && state?.driver_pid ? { pid: state.driver_pid } : {}),
    ...(processes.container ? { container: processes.container } : {}),
    ...(typeof state?.exit_code === 'number' ? { exitCode: state.exit_code } : {}),
    ...(state?.reason ? { reason: state.reason } : {}),
  }
}

function actualState(state: SupervisorState | undefined, processes: LiveProcesses): DriverStatus['state'] {
  if (processes.isSupervisorAlive) return state ? supervised(state.state, processes) : 'starting'
  if (processes.isDriverAlive) return 'orphaned'
  return state && ENDED.has(state.state) ? state.state : 'lost'
}

/** On a full disk the supervisor cannot record that its driver has ended. */
const supervised = (state: SupervisorState['state'], { isDriverAlive }: LiveProcesses) =>
  state === 'running' && isDriverAlive === false ? 'backing-off' : state
