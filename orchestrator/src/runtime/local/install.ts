import { join } from 'node:path'
import { errorMessage } from '../../errors.ts'
import { jarFile, lockedJars } from '../../package/jars.ts'
import type { Output } from '../../terminal/output.ts'
import { jarsDir } from '../cache.ts'
import { installJars } from '../install-jars.ts'
import type { RuntimeContext } from '../runtime.ts'
import { classArchive, installClassArchive } from './class-archive.ts'
import { fetchJarsLocally } from './fetch-jars.ts'
import { installSpark, type SparkInstall } from './install-python.ts'
import { installLoopbackJar, loopbackJar } from './loopback-jar.ts'
import { findJava, type Tool } from './tools.ts'

/** The jars beside Spark's own on the driver's class path: the connector's, in the order of their lock, and ours. */
export const driverJars = (): string[] => [
  ...lockedJars('connector').map((jar) => join(jarsDir('connector'), jarFile(jar))),
  loopbackJar(),
]

export interface InstalledBroker {
  /** Path of the java command. */
  readonly java: string
  readonly jars: readonly string[]
}

/** Installs what is missing of Spark and Kafka, step by step; returns what starts the broker. */
export async function installAll(
  context: RuntimeContext,
  output: Output,
  signal: AbortSignal,
): Promise<InstalledBroker> {
  const java = await findJava(context.env)
  const spark = await output.step('Spark', async (step) => {
    const installed = await installSpark({ env: context.env, signal, update: step.update })
    step.done('Spark is installed')
    return installed
  })
  const jars = await installJarSets(context, java, spark, output, signal)
  await archiveClasses(context, java, spark, output, signal)
  return { java: java.path, jars }
}

/** Fetches the connector's jars and the broker's; returns the broker's. */
async function installJarSets(
  { env, config }: RuntimeContext,
  java: Tool,
  spark: SparkInstall,
  output: Output,
  signal: AbortSignal,
): Promise<string[]> {
  return output.step('Kafka and connector jars', async (step) => {
    const settings = config.spark.conf['spark.jars.ivySettings']
    const fetch = fetchJarsLocally({ java: java.path, jar: await spark.ivyJar(), settings, env, signal })
    const progress = { signal, update: step.update }
    await installJars('connector', fetch, progress)
    const broker = await installJars('broker', fetch, progress)
    await installLoopbackJar(java, spark, { env, ...progress })
    step.done('Kafka and connector jars are installed')
    return broker
  })
}

/** A failure is only reported: without the archive everything works, but jobs start more slowly. */
async function archiveClasses(
  { env }: RuntimeContext,
  java: Tool,
  spark: SparkInstall,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const archive = classArchive(java, spark.sparkHome, driverJars())
  await output.step("Spark's classes", async (step) => {
    try {
      await installClassArchive(archive, spark, driverJars(), { env, signal, update: step.update })
      step.done("Spark's classes are archived")
    } catch (error) {
      signal.throwIfAborted()
      step.done(`Spark's classes could not be archived, so jobs start more slowly: ${errorMessage(error)}`)
    }
  })
}
