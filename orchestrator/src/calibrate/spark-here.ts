import { existsSync } from 'node:fs'
import { CliError } from '../errors.ts'
import { driverJars, installSparkHere } from '../runtime/local/install.ts'
import { isSparkInstalled } from '../runtime/local/install-python.ts'
import { LocalSpark } from '../runtime/local/local-spark.ts'
import { findJava, findPython } from '../runtime/local/tools.ts'
import type { Selected } from '../runtime/places.ts'
import type { RuntimeContext } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'

/**
 * Spark as a process of this machine. On the local runtime, what is missing is installed, as `up` does.
 * @throws CliError CONFIGURATION on the docker runtime, unless this machine has all that it needs.
 */
export async function sparkHere(
  { runtime, config, storage }: Selected,
  output: Output,
  signal: AbortSignal,
): Promise<LocalSpark> {
  const context: RuntimeContext = { config, storage, env: process.env }
  const isLocal = runtime.name !== 'docker'
  const isReady = await isInstalled(context).catch((error: unknown) => {
    if (isLocal) throw error
    return false
  })
  if (!isLocal && !isReady) throw notHere()
  if (!isReady) await installSparkHere(context, output, signal)
  return new LocalSpark(context, runtime.kafka)
}

/** @throws CliError TOOL_MISSING without Java or Python. */
async function isInstalled({ env, config }: RuntimeContext): Promise<boolean> {
  const [python] = await Promise.all([findPython(env), findJava(env)])
  return (await isSparkInstalled(python.version)) && driverJars(config).every((jar) => existsSync(jar))
}

const notHere = () =>
  new CliError('CONFIGURATION', 'calibrate runs Spark on this machine, which does not have it', {
    hint: 'It needs Java 17 and Python 3.10; `cpu-anomaly up --set RUNTIME=local` in another folder installs the rest. The docker runtime keeps running.',
  })
