import { CliError } from '../../errors.ts'
import { isActive } from '../../runtime/driver-state.ts'
import { LocalSpark } from '../../runtime/local/local-spark.ts'
import type { Runtime, Selected } from '../../runtime/places.ts'

/** @throws CliError CONFIGURATION for another runtime than the local one, and for a broker that is not this stack's own. */
export function requireLocal({ runtime, config, storage }: Omit<Selected, 'why'>): LocalSpark {
  if (!runtime.kafka.isOwn)
    throw new CliError(
      'CONFIGURATION',
      "bench measures only with this stack's own broker, but KAFKA_SERVERS names others",
      {
        hint: 'It creates and deletes topics, and loads the broker for minutes. Use another folder, without KAFKA_SERVERS.',
      },
    )
  if (runtime.name === 'local') return new LocalSpark({ config, storage, env: process.env }, runtime.kafka)
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
