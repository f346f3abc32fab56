import { join } from 'node:path'
import { isOnS3 } from '../../config/checkpoint-location.ts'
import type { Config } from '../../config/config.ts'
import { errorMessage } from '../../errors.ts'
import { type JarSet, jarFile, lockedJars } from '../../package/jars.ts'
import type { Output } from '../../terminal/output.ts'
import { jarsDir } from '../cache.ts'
import { type FetchJars, installJars } from '../install-jars.ts'
import type { RuntimeContext } from '../runtime.ts'
import { classArchive, installClassArchive } from './class-archive.ts'
import { fetchJarsLocally } from './fetch-jars.ts'
import { installSpark, type SparkInstall } from './install-python.ts'
import { installLoopbackJar, loopbackJar } from './loopback-jar.ts'
import { findJava, type Tool } from './tools.ts'

/** The jars beside Spark's own on the driver's class path: those that executors need too, and ours. */
export const driverJars = (config: Config): string[] => [...sharedJars(config), loopbackJar()]

/** Kafka's connector for Spark and, if the checkpoint is there, the client of S3, in the order of their locks. */
export const sharedJars = (config: Config): string[] =>
  jarSets(config).flatMap((set) => lockedJars(set).map((jar) => join(jarsDir(set), jarFile(jar))))

/** Which sets of jars the driver needs. */
export const jarSets = ({ spark }: Config): JarSet[] =>
  isOnS3(spark.checkpoint) ? ['connector', 's3a'] : ['connector']

export interface InstalledBroker {
  /** Path of the java command. */
  readonly java: string
  readonly jars: readonly string[]
}

/** Installs what is missing of Spark and its connector to Kafka, step by step. */
export async function installSparkHere(
  context: RuntimeContext,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const java = await findJava(context.env)
  const spark = await output.step('Spark', async (step) => {
    const installed = await installSpark({ env: context.env, signal, update: step.update })
    step.done('Spark is installed')
    return installed
  })
  await output.step('Connector jars', async (step) => {
    const progress = { signal, update: step.update }
    const fetch = await fetcher(context, java, spark, signal)
    for (const set of jarSets(context.config)) await installJars(set, fetch, progress)
    await installLoopbackJar(java, spark, { env: context.env, ...progress })
    step.done('Connector jars are installed')
  })
  await archiveClasses(context, java, spark, output, signal)
}

/** Installs what is missing of Kafka. Ivy, which fetches it, comes with Spark. */
export async function installBroker(
  context: RuntimeContext,
  update: (detail: string) => void,
  signal: AbortSignal,
): Promise<InstalledBroker> {
  const java = await findJava(context.env)
  const spark = await installSpark({ env: context.env, signal, update })
  const fetch = await fetcher(context, java, spark, signal)
  return { java: java.path, jars: await installJars('broker', fetch, { signal, update }) }
}

async function fetcher(
  { env, config }: RuntimeContext,
  java: Tool,
  spark: SparkInstall,
  signal: AbortSignal,
): Promise<FetchJars> {
  const settings = config.spark.conf['spark.jars.ivySettings']
  return fetchJarsLocally({ java: java.path, jar: await spark.ivyJar(), settings, env, signal })
}

/** A failure is only reported: without the archive everything works, but jobs start more slowly. */
async function archiveClasses(
  { env, config }: RuntimeContext,
  java: Tool,
  spark: SparkInstall,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const jars = driverJars(config)
  const archive = classArchive(java, spark.sparkHome, jars)
  await output.step("Spark's classes", async (step) => {
    try {
      await installClassArchive(archive, spark, jars, { env, signal, update: step.update })
      step.done("Spark's classes are archived")
    } catch (error) {
      signal.throwIfAborted()
      step.done(`Spark's classes could not be archived, so jobs start more slowly: ${errorMessage(error)}`)
    }
  })
}
