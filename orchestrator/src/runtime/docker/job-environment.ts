import type { Config } from '../../config/config.ts'
import { jarFile, lockedJars } from '../../package/jars.ts'
import { imageVersion } from '../../package/tested-versions.ts'
import { ownBrokerAccess } from '../own-broker.ts'
import { BASELINE_FILE, type JobEnvironment } from '../runtime.ts'
import { workerCores } from './compose/environment.ts'
import { CHECKPOINT_DIR, DRIVER, DRIVER_DIR, KAFKA, MASTER } from './container/project.ts'
import { JARS_DIR, LOG4J_FILE, SECRETS_FILE } from './driver/spec.ts'

/** The environment of a job whose driver is a container beside the cluster's. */
export function dockerJobEnvironment(config: Config): JobEnvironment {
  return {
    master: `spark://${MASTER}:7077`,
    slots: workerCores(config) * config.spark.workers,
    sparkVersion: imageVersion(config.images.spark),
    kafka: ownBrokerAccess(config.kafka, `${KAFKA}:9092`),
    checkpoint: CHECKPOINT_DIR,
    baselineFile: `${DRIVER_DIR}/${BASELINE_FILE}`,
    secretsFile: config.kafka.sasl ? SECRETS_FILE : undefined,
    connectorJars: lockedJars('connector').map((jar) => `${JARS_DIR}/${jarFile(jar)}`),
    sparkConf: {
      'spark.driver.host': DRIVER,
      'spark.driver.bindAddress': '0.0.0.0', // inside the container; only the UI's port is published
      'spark.ui.port': String(config.ports.sparkUi), // the same inside and outside, for the links that Spark makes
      'spark.port.maxRetries': '0',
      'spark.executor.memory': config.spark.workerMemory,
      'spark.sql.warehouse.dir': '/tmp/warehouse',
      'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=file:${LOG4J_FILE}`,
    },
  }
}
