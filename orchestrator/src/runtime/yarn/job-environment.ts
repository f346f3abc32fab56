import { join } from 'node:path'
import { checkpointUri } from '../../config/checkpoint-location.ts'
import type { Config } from '../../config/config.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { hasJavaClientSecrets } from '../../kafka/java-client.ts'
import { packageRoot } from '../../package/root.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { classPath } from '../local/class-archive.ts'
import { driverJars, sharedJars } from '../local/install.ts'
import { asProperty, driverJavaOptions, fileUri, localeOptions } from '../local/java-options.ts'
import type { DriverFiles } from '../local/job-environment.ts'
import { LOOPBACK_OPTION } from '../loopback.ts'
import { BASELINE_FILE, type JobEnvironment, type RuntimeContext } from '../runtime.ts'
import { unlessSet } from '../unless-set.ts'
import { executorsFor } from './executors.ts'

/** The modules of the job in one file, for a driver elsewhere. */
export const MODULES_FILE = 'cpu_anomaly.zip'

const SECRETS_FILE = 'kafka-secrets.json'
const LOG_SETTINGS = 'log4j2.properties'

/** The environment of a job whose driver is a process of this machine, and whose executors YARN starts. */
export function clientEnvironment(
  context: RuntimeContext,
  kafka: KafkaAccess,
  files: DriverFiles,
): JobEnvironment {
  const { config, storage } = context
  return {
    ...inBothModes(context, kafka, files),
    baselineFile: join(storage.rendered, BASELINE_FILE),
    secretsFile: hasJavaClientSecrets(kafka) ? files.secretsFile : undefined,
    sparkConf: {
      ...yarnConf(config),
      'spark.ui.port': String(config.ports.sparkUi),
      'spark.port.maxRetries': '0',
      'spark.sql.warehouse.dir': fileUri(join(storage.run, 'warehouse')),
      'spark.driver.extraClassPath': classPath(driverJars(config)),
      // An own broker is used only if YARN is on this machine, too.
      'spark.driver.extraJavaOptions': asProperty(
        driverJavaOptions.filter((option) => kafka.isOwn || option !== LOOPBACK_OPTION),
      ),
    },
  }
}

/** The environment of a job whose driver runs in the cluster, in a container with a folder of its own. */
export function clusterEnvironment(
  context: RuntimeContext,
  kafka: KafkaAccess,
  files: DriverFiles,
): JobEnvironment {
  const { config, storage } = context
  const secrets = hasJavaClientSecrets(kafka)
  const sent = [
    ...(secrets ? [files.secretsFile] : []),
    ...(config.detector.baselineFile === undefined ? [] : [join(storage.rendered, BASELINE_FILE)]),
    join(packageRoot, 'infra', 'spark', LOG_SETTINGS),
    ...(config.spark.conf['spark.files']?.split(',') ?? []),
  ]
  return {
    ...inBothModes(context, kafka, files),
    baselineFile: BASELINE_FILE,
    secretsFile: secrets ? SECRETS_FILE : undefined,
    submitOptions: [
      ...['--deploy-mode', 'cluster', '--py-files', join(storage.rendered, MODULES_FILE)],
      ...['--files', sent.join(',')],
    ],
    sparkConf: {
      ...yarnConf(config),
      'spark.yarn.submit.waitAppCompletion': 'false',
      'spark.yarn.appMasterEnv.CPU_ANOMALY_SUPERVISOR': 'checkpoint', // see `cpu_anomaly/remote.py`
      // PySpark looks for the modules where they were here, too, and warns, although YARN has put them into the path.
      'spark.yarn.appMasterEnv.PYTHONWARNINGS': 'ignore:Failed to add file:RuntimeWarning',
      'spark.driver.extraJavaOptions': asProperty([
        ...localeOptions,
        `-Dlog4j2.configurationFile=${LOG_SETTINGS}`,
      ]),
      ...unlessSet(config.spark.conf, {
        'spark.yarn.appMasterEnv.PYSPARK_PYTHON': 'python3',
        // An outage of Kafka ends one driver after the other, but slowly; a job that cannot work fails quickly.
        'spark.yarn.am.attemptFailuresValidityInterval': '1m',
      }),
    },
  }
}

const inBothModes = ({ config, storage }: RuntimeContext, kafka: KafkaAccess, files: DriverFiles) => ({
  master: 'yarn',
  slots: slotsOf(config),
  sparkVersion: SPARK_VERSION,
  kafka,
  // With Hadoop's settings, a path without a scheme is one of the cluster's.
  checkpoint: checkpointUri(config.spark.checkpoint ?? storage.checkpoint),
  propertiesFile: files.propertiesFile,
  connectorJars: sharedJars(config),
  hasHadoopSettings: true,
})

function slotsOf({ spark }: Config): number {
  const { instances, cores } = executorsFor(spark)
  return instances * cores
}

/** What a job on YARN has wherever its driver is: executors, and traffic that is encrypted. */
export function yarnConf({ spark }: Config): Record<string, string> {
  const { instances, cores } = executorsFor(spark)
  return {
    'spark.executor.memory': spark.workerMemory,
    ...unlessSet(spark.conf, {
      'spark.executor.instances': String(instances),
      'spark.executor.cores': String(cores),
      // YARN gives the secret to the job's own containers. The login to Kafka is part of the plans that executors get.
      'spark.authenticate': 'true',
      ...(spark.conf['spark.authenticate'] !== 'false' && { 'spark.network.crypto.enabled': 'true' }),
    }),
  }
}
