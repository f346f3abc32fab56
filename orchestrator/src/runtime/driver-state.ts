import { CliError } from '../errors.ts'
import type { DriverStatus } from './runtime.ts'

type State = DriverStatus['state']

const AT_WORK: ReadonlySet<State> = new Set(['starting', 'running', 'backing-off', 'orphaned'])

/** Does a driver work on the checkpoint, or will it again without another `submit`? */
export const isAtWork = (driver: DriverStatus | undefined): driver is DriverStatus =>
  driver !== undefined && AT_WORK.has(driver.state)

/** Does the driver's own process run? */
export const hasProcess = (driver: DriverStatus | undefined): boolean =>
  driver?.state === 'running' || driver?.state === 'orphaned'

/** Two drivers on one checkpoint would corrupt it. */
export const alreadyDriven = (driver: string): CliError =>
  new CliError('LOCKED', `a driver already works on this checkpoint: ${driver}`, {
    hint: 'Follow it with `cpu-anomaly status`, or stop it with `cpu-anomaly stop` before the next submit.',
  })
