import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../../errors.ts'
import { packageRoot } from '../../package/root.ts'
import type { RuntimeContext } from '../runtime.ts'
import { CheckpointSession } from './checkpoint-session.ts'
import { classPath } from './class-archive.ts'
import { type DriverFolders, type DriverLaunch, SECURITY_CONF } from './driver-launch.ts'
import { hadoopSettings } from './hadoop-settings.ts'
import { driverJars } from './install.ts'
import { isSparkInstalled } from './install-python.ts'
import { asProperty, driverJavaOptions } from './java-options.ts'
import { findPython } from './tools.ts'

/** How a driver is started here, without an installation of what is missing. */
type Launch = (folders: DriverFolders, signal: AbortSignal) => Promise<DriverLaunch>

/**
 * Starts the program that reads a checkpoint on HDFS or S3, with the JVM and the class path of the job's driver.
 * @throws CliError NOT_STARTED when Spark is not installed yet; CLUSTER_UNREACHABLE when the program does not start.
 */
export async function startCheckpointSession(
  { config, env }: RuntimeContext,
  location: string,
  launch: Launch,
): Promise<CheckpointSession> {
  const jars = driverJars(config)
  const isInstalled = await isSparkInstalled((await findPython(env)).version)
  if (!isInstalled || !jars.every((jar) => existsSync(jar)))
    throw new CliError(
      'NOT_STARTED',
      `the checkpoint at ${location} is read with Spark, which is not installed yet`,
      {
        hint: 'Run `cpu-anomaly up`, which installs it.',
      },
    )
  const modules = join(packageRoot, 'spark-job')
  const never = new AbortController().signal
  const driver = await launch({ scratch: tmpdir(), modules }, never)
  const conf = {
    ...SECURITY_CONF,
    'spark.driver.extraClassPath': classPath(jars),
    'spark.driver.extraJavaOptions': asProperty(driverJavaOptions),
  }
  const args = Object.entries(conf).flatMap(([name, value]) => ['--conf', `${name}=${value}`])
  return CheckpointSession.start(
    [driver.python, [join(modules, 'checkpoint_files.py'), '--driver-memory', '256m', ...args]],
    {
      cwd: tmpdir(),
      env: { ...driver.env, PYTHONDONTWRITEBYTECODE: '1' },
      location,
      hadoop: hadoopSettings(config.spark),
    },
  )
}
