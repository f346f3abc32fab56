import { join } from 'node:path'
import { type ChildKind, childEnvironment, type ShellEnvironment } from '../../system/child-environment.ts'
import type { SparkInstall } from './install-python.ts'
import { asProperty, tmpOptions } from './java-options.ts'

/** How a driver is started on this machine. */
export interface DriverLaunch {
  /** The virtual environment's interpreter. */
  readonly python: string
  readonly sparkSubmit: string
  readonly env: Readonly<Record<string, string>>
}

/**
 * Who reaches the driver: only programs of this machine, and its RPC and block manager only with a secret. Without a
 * cluster Spark makes that secret itself and keeps it in the JVM.
 */
export const SECURITY_CONF = {
  'spark.driver.host': '127.0.0.1',
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.authenticate': 'true',
}

export interface DriverFolders {
  /** For shuffle files. */
  readonly scratch: string
  /** Where Python finds the job's package. */
  readonly modules: string
}

export function driverLaunch(
  shell: ShellEnvironment,
  spark: SparkInstall,
  javaOptions: readonly string[],
  { scratch, modules }: DriverFolders,
  kind: ChildKind = 'java',
): DriverLaunch {
  return {
    python: spark.python,
    sparkSubmit: join(spark.sparkHome, 'bin', 'spark-submit'),
    env: {
      ...childEnvironment(kind, shell),
      SPARK_HOME: spark.sparkHome,
      PYSPARK_PYTHON: spark.python,
      PYSPARK_DRIVER_PYTHON: spark.python,
      SPARK_SUBMIT_OPTS: asProperty([...tmpOptions(shell), ...javaOptions]),
      SPARK_LOCAL_DIRS: scratch, // shuffle files; the property for it is deprecated and warns at each start
      SPARK_LOCAL_IP: '127.0.0.1', // otherwise Spark's UI listens on every interface
      PYTHONPATH: modules,
      PYTHONNOUSERSITE: '1',
      PYTHONUNBUFFERED: '1',
    },
  }
}

/** The master of a driver that runs its own tasks, with this many slots. A task may fail 4 times, as on a cluster. */
export const localMaster = (slots: number): string => `local[${slots},4]`
