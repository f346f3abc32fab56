import { join } from 'node:path'
import { isMasterHere } from '../../config/cluster-rules.ts'
import type { Config } from '../../config/config.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { hasJavaClientSecrets } from '../../kafka/java-client.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { classPath } from '../local/class-archive.ts'
import { driverJars, sharedJars } from '../local/install.ts'
import { asProperty, driverJavaOptions } from '../local/java-options.ts'
import type { DriverFiles } from '../local/job-environment.ts'
import { LOOPBACK_OPTION } from '../loopback.ts'
import { BASELINE_FILE, type JobEnvironment, type RuntimeContext } from '../runtime.ts'
import { unlessSet } from '../unless-set.ts'

/** The environment of a job whose driver is a process of this machine, and whose executors are on a cluster. */
export function standaloneJobEnvironment(
  { config, storage }: RuntimeContext,
  kafka: KafkaAccess,
  { secretsFile, propertiesFile }: DriverFiles,
): JobEnvironment {
  const { spark, ports } = config
  const master = spark.master ?? ''
  // Executors on other machines connect to the driver.
  const javaOptions = driverJavaOptions.filter((option) => isMasterHere(master) || option !== LOOPBACK_OPTION)
  return {
    master,
    slots: spark.cores,
    sparkVersion: SPARK_VERSION,
    kafka,
    checkpoint: spark.checkpoint ?? storage.checkpoint,
    baselineFile: join(storage.rendered, BASELINE_FILE),
    secretsFile: hasJavaClientSecrets(kafka) ? secretsFile : undefined,
    propertiesFile,
    connectorJars: sharedJars(config),
    sparkConf: {
      ...standaloneConf(spark),
      'spark.ui.port': String(ports.sparkUi),
      'spark.port.maxRetries': '0',
      'spark.sql.warehouse.dir': join(storage.run, 'warehouse'),
      'spark.driver.extraClassPath': classPath(driverJars(config)),
      'spark.driver.extraJavaOptions': asProperty(javaOptions),
    },
  }
}

/** What a job on a standalone cluster has wherever its driver is. */
export const standaloneConf = (spark: Config['spark']): Record<string, string> => ({
  'spark.executor.memory': spark.workerMemory,
  ...unlessSet(spark.conf, {
    'spark.cores.max': String(spark.cores), // by default an application gets all cores of the cluster
    // The login to Kafka is part of the plans that executors get.
    ...(spark.conf['spark.authenticate'] === 'true' && { 'spark.network.crypto.enabled': 'true' }),
  }),
})
