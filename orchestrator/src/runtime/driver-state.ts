import { CliError } from '../errors.ts'
import type { DriverStatus } from './runtime.ts'

type State = DriverStatus['state']

const ACTIVE: ReadonlySet<State> = new Set(['starting', 'running', 'backing-off', 'orphaned'])

/** True while a driver uses the checkpoint, or will use it again without another `submit`. */
export const isActive = (driver: DriverStatus | undefined): driver is DriverStatus =>
  driver !== undefined && ACTIVE.has(driver.state)

/** True while the driver's own process runs. */
export const hasProcess = (driver: Pick<DriverStatus, 'state'> | undefined): boolean =>
  driver?.state === 'running' || driver?.state === 'orphaned'

/** Two drivers on one checkpoint would corrupt it. */
export const checkpointInUse = (driver: string): CliError =>
  new CliError('LOCKED', `a driver already uses this checkpoint: ${driver}`, {
    hint: 'Follow it with `cpu-anomaly status`, or stop it with `cpu-anomaly stop` before the next submit.',
  })
