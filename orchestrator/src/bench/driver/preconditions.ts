import { CliError } from '../../errors.ts'
import { isActive } from '../../runtime/driver-state.ts'
import { LocalRuntime } from '../../runtime/local/local-runtime.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** @throws CliError CONFIGURATION */
export function requireLocal(runtime: Runtime): LocalRuntime {
  if (runtime instanceof LocalRuntime) return runtime
  throw new CliError(
    'CONFIGURATION',
    `bench measures the local runtime, and this folder uses the ${runtime.name} runtime`,
    {
      hint: "It reads CPU time and memory of the driver's JVM on this machine. In another folder: `cpu-anomaly up --set RUNTIME=local`.",
    },
  )
}

/** @throws CliError LOCKED */
export async function requireNoJob(runtime: Runtime): Promise<void> {
  const driver = await runtime.driver()
  if (!isActive(driver)) return
  throw new CliError(
    'LOCKED',
    `a job runs in this folder (${driver.state}), and would share what is measured`,
    {
      hint: 'Stop it with `cpu-anomaly stop`, or measure beside it: `cpu-anomaly bench --beside-live-job`.',
    },
  )
}
