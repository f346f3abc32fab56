import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { packageRoot } from '../../package/root.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { run } from '../../system/run.ts'
import { cacheDir, fillOnce } from '../cache.ts'
import { driverLaunch, SECURITY_CONF } from './driver-launch.ts'
import type { InstallContext, SparkInstall } from './install-python.ts'
import { asProperty, driverJavaOptions, fileUri } from './java-options.ts'
import type { Tool } from './tools.ts'

const ARCHIVE = 'classes.jsa'

/**
 * Path of the archive of the driver's classes (class data sharing, JEP 350); another Java, Spark or connector gets another
 * archive. A driver that maps it, instead of reading and verifying some 16,000 classes, starts in two thirds of the time.
 */
export function classArchive(java: Tool, sparkHome: string, driverJars: readonly string[]): string {
  const inputs = JSON.stringify([java, sparkHome, driverJars])
  const key = createHash('sha256').update(inputs).digest('hex').slice(0, 8)
  return join(cacheDir(), `classes-${SPARK_VERSION}-${key}`, ARCHIVE)
}

/** The JVM option that uses the archive, if it exists. */
export const archiveOptions = (archive: string): string[] =>
  existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`] : []

export const classPath = (jars: readonly string[]): string => jars.join(delimiter)

/** Runs the job's transforms once, in a JVM that writes its classes to the archive when it exits. */
export async function installClassArchive(
  archive: string,
  spark: SparkInstall,
  driverJars: readonly string[],
  context: InstallContext,
): Promise<void> {
  const folder = join(archive, '..')
  await fillOnce(folder, (dir) => warmUp(dir, spark, driverJars, context), {
    signal: context.signal,
    onWait: context.update,
  })
}

async function warmUp(
  dir: string,
  spark: SparkInstall,
  driverJars: readonly string[],
  { env, signal, update }: InstallContext,
): Promise<void> {
  update('running a few micro-batches (only once)')
  const sources = join(packageRoot, 'spark-job')
  const work = join(dir, 'work')
  await mkdir(work)
  const options = [...driverJavaOptions, `-XX:ArchiveClassesAtExit=${join(dir, ARCHIVE)}`]
  const conf = {
    ...SECURITY_CONF,
    'spark.ui.port': '0',
    'spark.sql.shuffle.partitions': '2',
    'spark.driver.extraClassPath': classPath(driverJars),
    'spark.driver.extraJavaOptions': asProperty(options),
  }
  const args = Object.entries(conf).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
  const launch = driverLaunch(env, spark, [], { scratch: work, modules: sources })
  await run([launch.sparkSubmit, ['--master', 'local[2]', ...args, fileUri(join(sources, 'warm_up.py'))]], {
    env: { ...launch.env, PYTHONDONTWRITEBYTECODE: '1' },
    cwd: work,
    signal,
    failAs: 'STORAGE',
  })
  await rm(work, { recursive: true, force: true })
}
