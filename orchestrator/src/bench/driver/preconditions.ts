import { CliError } from '../../errors.ts'
import { isActive } from '../../runtime/driver-state.ts'
import { LocalRuntime } from '../../runtime/local/local-runtime.ts'
import type { Runtime } from '../../runtime/runtime.ts'

/** @throws CliError CONFIGURATION for another runtime than the local one. */
export function requireLocal(runtime: Runtime): LocalRuntime {
  if (runtime instanceof LocalRuntime) return runtime
  throw new CliError(
    'CONFIGURATION',
    `bench measures only the local runtime, but this folder uses the ${runtime.name} runtime`,
    {
      hint: "It reads the CPU time and memory of the driver's JVM on this machine. Use another folder, with `cpu-anomaly up --set RUNTIME=local`.",
    },
  )
}

/** @throws CliError LOCKED when a job is running, which would share the machine with the measurement. */
export async function requireNoJob(runtime: Runtime): Promise<void> {
  const driver = await runtime.driver()
  if (!isActive(driver)) return
  throw new CliError(
    'LOCKED',
    `a job is running in this folder (${driver.state}) and would distort the measurement`,
    {
      hint: 'Stop it with `cpu-anomaly stop`, or measure anyway with `cpu-anomaly bench --beside-live-job`.',
    },
  )
}
