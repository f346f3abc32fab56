import { CliError } from '../../errors.ts'
import { isActive } from '../../runtime/driver-state.ts'
import { LocalSpark } from '../../runtime/local/local-spark.ts'
import type { SparkHere } from '../../runtime/local/spark-here.ts'
import type { Runtime, Selected } from '../../runtime/places.ts'
import { StandaloneSpark } from '../../runtime/standalone/standalone-spark.ts'

/**
 * The Spark to measure, whose driver is a process of this machine.
 * @throws CliError CONFIGURATION for other runtimes, and for a broker that is not this stack's own.
 */
export function requireSparkHere({ runtime, config, storage }: Omit<Selected, 'why'>): SparkHere {
  if (!runtime.kafka.isOwn)
    throw new CliError(
      'CONFIGURATION',
      "bench measures only with this stack's own broker, but KAFKA_SERVERS names others",
      {
        hint: 'It creates and deletes topics, and loads the broker for minutes. Use another folder, without KAFKA_SERVERS.',
      },
    )
  const context = { config, storage, env: process.env }
  if (runtime.name === 'local') return new LocalSpark(context, runtime.kafka)
  if (runtime.name === 'standalone') return new StandaloneSpark(context, runtime.kafka)
  throw new CliError(
    'CONFIGURATION',
    `bench measures only Spark on this machine or on a standalone cluster, but this folder uses the ${runtime.name} runtime`,
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
