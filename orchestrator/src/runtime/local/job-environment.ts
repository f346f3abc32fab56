import { join } from 'node:path'
import type { KafkaAccess } from '../../kafka/access.ts'
import { hasJavaClientSecrets } from '../../kafka/java-client.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { BASELINE_FILE, type JobEnvironment, type RuntimeContext } from '../runtime.ts'
import { classPath } from './class-archive.ts'
import { localMaster, SECURITY_CONF } from './driver-launch.ts'
import { driverJars } from './install.ts'
import { asProperty, driverJavaOptions } from './java-options.ts'

export interface DriverFiles {
  readonly secretsFile: string
  readonly propertiesFile: string
}

/** The environment of a job whose driver is a process of this machine. */
export function localJobEnvironment(
  { config, storage }: RuntimeContext,
  kafka: KafkaAccess,
  { secretsFile, propertiesFile }: DriverFiles,
): JobEnvironment {
  return {
    master: localMaster(config.spark.cores),
    slots: config.spark.cores,
    masterWithSlots: localMaster,
    sparkVersion: SPARK_VERSION,
    kafka,
    checkpoint: config.spark.checkpoint ?? storage.checkpoint,
    baselineFile: join(storage.rendered, BASELINE_FILE),
    secretsFile: hasJavaClientSecrets(kafka) ? secretsFile : undefined,
    propertiesFile,
    connectorJars: [], // on the class path instead: only classes that the JVM itself loads can be archived
    sparkConf: {
      ...SECURITY_CONF,
      'spark.ui.port': String(config.ports.sparkUi),
      'spark.port.maxRetries': '0', // a UI on another port than the announced one would not be found
      'spark.sql.warehouse.dir': join(storage.run, 'warehouse'),
      'spark.driver.extraClassPath': classPath(driverJars(config)),
      'spark.driver.extraJavaOptions': asProperty(driverJavaOptions),
    },
  }
}
