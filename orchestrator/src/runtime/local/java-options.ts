import { join } from 'node:path'
import { packageRoot } from '../../package/root.ts'

/** The driver's JVM options as one Spark property: Spark splits it at blanks outside quotes. */
export const asProperty = (options: readonly string[]): string =>
  options.map((option) => (/\s/.test(option) ? `"${option}"` : option)).join(' ')

export const driverJavaOptions: readonly string[] = [
  `-Dlog4j2.configurationFile=file:${join(packageRoot, 'infra', 'spark', 'log4j2.properties')}`,
  // On few cores it does the same work with less memory than G1, and its pauses are short for a heap of this size.
  '-XX:+UseParallelGC',
  // The optimizing compiler waits until code is really hot: at the start it would take a core from the job.
  '-XX:Tier4InvocationThreshold=30000',
  '-XX:Tier4MinInvocationThreshold=20000',
  '-XX:Tier4CompileThreshold=60000',
  '-XX:Tier4BackEdgeThreshold=200000',
]
