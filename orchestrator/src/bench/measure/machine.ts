import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { CONNECTOR_VERSION, KAFKA_VERSION, SPARK_VERSION } from '../../package/tested-versions.ts'
import type { SparkHere } from '../../runtime/local/spark-here.ts'
import type { MachineFacts } from './results.ts'

/** The machine and the versions that were measured: figures mean nothing without them. */
export async function machineFacts(runtime: SparkHere, args: readonly string[]): Promise<MachineFacts> {
  return {
    measurement: 'machine',
    date: new Date().toISOString(),
    command: ['cpu-anomaly', ...args].join(' '),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    java: await runtime.javaVersion(),
    spark: SPARK_VERSION,
    connector: CONNECTOR_VERSION,
    kafka: KAFKA_VERSION,
  }
}
