import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { packageRoot } from '../../package/root.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { childEnvironment } from '../../system/child-environment.ts'
import { run } from '../../system/run.ts'
import { cacheDir, fillOnce } from '../cache.ts'
import type { InstallContext, SparkInstall } from './install-python.ts'
import { ISOLATED, type Tool } from './tools.ts'

const SOURCE = join(packageRoot, 'infra', 'spark', 'LoopbackOnly.java')
const EXTENSION = 'io.cpuanomaly.LoopbackOnly'

/** Path of the jar that keeps all servers of the driver on loopback: see infra/spark/LoopbackOnly.java. */
export function loopbackJar(): string {
  const key = createHash('sha256').update(readFileSync(SOURCE)).digest('hex').slice(0, 8)
  return join(cacheDir(), `loopback-${SPARK_VERSION}-${key}`, 'loopback.jar')
}

/**
 * Compiles the jar, once, with the compiler that Spark brings along: a Java without one (a JRE) is enough.
 * @throws CliError STORAGE when it cannot be compiled.
 */
export async function installLoopbackJar(
  java: Tool,
  spark: SparkInstall,
  context: InstallContext,
): Promise<void> {
  await fillOnce(join(loopbackJar(), '..'), (dir) => build(dir, java, spark, context), {
    signal: context.signal,
    onWait: context.update,
  })
}

async function build(
  dir: string,
  java: Tool,
  spark: SparkInstall,
  { env, signal }: InstallContext,
): Promise<void> {
  const classes = join(dir, 'classes')
  const services = join(classes, 'META-INF', 'services')
  await mkdir(services, { recursive: true })
  await writeFile(join(services, 'io.netty.bootstrap.ChannelInitializerExtension'), `${EXTENSION}\n`)
  const jars = await compilerJars(join(spark.sparkHome, 'jars'))
  const compiler = ['-cp', jars, 'org.codehaus.commons.compiler.samples.CompilerDemo']
  const options = { env: childEnvironment('java', env), signal, failAs: 'STORAGE', cwd: classes } as const
  await run([java.path, [...compiler, '-d', classes, '-classpath', jars, SOURCE]], options)
  await run(
    [spark.python, [...ISOLATED, '-m', 'zipfile', '-c', join(dir, 'loopback.jar'), 'META-INF', 'io']],
    options,
  )
  await rm(classes, { recursive: true })
}

/** Janino, and Netty for the classes that the source names. */
async function compilerJars(jars: string): Promise<string> {
  const names = (await readdir(jars)).filter((name) => /^(janino|commons-compiler|netty)-/.test(name))
  return names.map((name) => join(jars, name)).join(delimiter)
}
