import type { Config } from '../../config/config.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { hasJavaClientSecrets } from '../../kafka/java-client.ts'
import { jarFile, lockedJars } from '../../package/jars.ts'
import { imageVersion } from '../../package/tested-versions.ts'
import { LOOPBACK_OPTION } from '../loopback.ts'
import { ownBrokerAccess } from '../own-broker.ts'
import { BASELINE_FILE, type JobEnvironment } from '../runtime.ts'
import { workerCores } from './compose/environment.ts'
import { HOST_MASTER_PORT, usesHostNetwork } from './container/network.ts'
import { CHECKPOINT_DIR, DRIVER, DRIVER_DIR, KAFKA, MASTER } from './container/project.ts'
import { JARS_DIR, LOG4J_FILE, SECRETS_FILE } from './driver/spec.ts'

/** The environment of a job whose driver is a container beside the cluster's; `given`: the Kafka that KAFKA_SERVERS names. */
export function dockerJobEnvironment(config: Config, given?: KafkaAccess): JobEnvironment {
  const kafka = given ?? ownBrokerAccess(config.kafka, `${KAFKA}:9092`)
  return {
    master: `spark://${MASTER}:${usesHostNetwork(config) ? HOST_MASTER_PORT : 7077}`,
    slots: workerCores(config) * config.spark.workers,
    sparkVersion: imageVersion(config.images.spark),
    kafka,
    checkpoint: CHECKPOINT_DIR,
    baselineFile: `${DRIVER_DIR}/${BASELINE_FILE}`,
    secretsFile: hasJavaClientSecrets(kafka) ? SECRETS_FILE : undefined,
    connectorJars: lockedJars('connector').map((jar) => `${JARS_DIR}/${jarFile(jar)}`),
    sparkConf: {
      ...(usesHostNetwork(config) ? ON_HOST_NETWORK : ON_OWN_NETWORK),
      ...(config.kafka.isGiven && { 'spark.network.crypto.enabled': 'true' }), // as on master and workers
      'spark.ui.port': String(config.ports.sparkUi), // the same inside and outside, for the links that Spark makes
      'spark.port.maxRetries': '0',
      'spark.executor.memory': config.spark.workerMemory,
      'spark.sql.warehouse.dir': '/tmp/warehouse',
      'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=file:${LOG4J_FILE}`,
    },
  }
}

const ON_OWN_NETWORK = {
  'spark.driver.host': DRIVER,
  'spark.driver.bindAddress': '0.0.0.0', // inside the container; only the UI's port is published
}

/** All containers have the same address there. */
const ON_HOST_NETWORK = {
  'spark.driver.host': '127.0.0.1',
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.blockManager.port': '0', // any free one: several executors would want the same
  'spark.shuffle.readHostLocalDisk': 'false', // executors at one address do not have one disk
  'spark.executor.defaultJavaOptions': LOOPBACK_OPTION, // infra/docker/start-master.sh makes the classes
}
