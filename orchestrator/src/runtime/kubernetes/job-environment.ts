import type { Config } from '../../config/config.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import { hasJavaClientSecrets } from '../../kafka/java-client.ts'
import { imageVersion } from '../../package/tested-versions.ts'
import { BASELINE_FILE, type JobEnvironment } from '../runtime.ts'
import { unlessSet } from '../unless-set.ts'
import {
  FILES,
  HOME,
  jobName,
  KAFKA_SECRETS,
  namespaceOf,
  SECRETS,
  SPARK_AUTHENTICATE,
  SPARK_SECRETS,
  selectorLabels,
  WORK,
} from './names.ts'

/** The address of the API inside of every cluster, unless `spark.kubernetes.driver.master` says another. */
const API_IN_CLUSTER = 'https://kubernetes.default.svc'

/** Fixed, so that a network policy can name them. */
const DRIVER_PORTS = { 'spark.driver.port': '7078', 'spark.driver.blockManager.port': '7079' }

/** The environment of a job whose driver and executors are pods. */
export function kubernetesJobEnvironment(
  config: Config,
  kafka: KafkaAccess,
  checkpoint: string,
): JobEnvironment {
  const { spark, images, ports } = config
  const { cores, instances } = executors(config)
  return {
    master: `k8s://${spark.conf['spark.kubernetes.driver.master'] ?? API_IN_CLUSTER}`,
    slots: cores * instances,
    sparkVersion: imageVersion(images.spark),
    kafka,
    checkpoint,
    baselineFile: `work/job/${BASELINE_FILE}`,
    secretsFile: hasJavaClientSecrets(kafka) ? `${SECRETS}/${KAFKA_SECRETS}` : undefined,
    propertiesFile: `${SECRETS}/${SPARK_SECRETS}`,
    connectorJars: [], // the pod knows which of them its image has: spark-job/run_pod.py
    isReadHere: (name) => READ_HERE.test(name),
    sparkConf: {
      ...unlessSet(spark.conf, { ...DRIVER_PORTS, 'spark.kubernetes.namespace': namespaceOf(config) }),
      ...labels(jobName(checkpoint)),
      ...LEAST_RIGHTS,
      'spark.authenticate': 'true',
      'spark.authenticate.secret.file': `${HOME}/${SECRETS}/${SPARK_AUTHENTICATE}`,
      'spark.network.crypto.enabled': 'true', // the login to Kafka is part of the plans that executors get
      'spark.kubernetes.container.image': images.spark,
      'spark.executor.instances': String(instances),
      'spark.executor.cores': String(cores),
      'spark.executor.memory': spark.workerMemory,
      'spark.ui.port': String(ports.sparkUi),
      'spark.port.maxRetries': '0',
      'spark.sql.warehouse.dir': `${WORK}/warehouse`,
      'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=file:${FILES}/log4j2.properties`,
    },
  }
}

/** What the pod's specification is made of, and files of this machine, whose contents the pod gets. */
const READ_HERE =
  /^spark\.(?:kubernetes\.(?:driver\.(?!pod\.name)|driverEnv\.|executor\.podTemplateFile|authenticate\.)|jars\.ivySettings)/

/** Without these Spark's driver would make, list or delete what it does not need. */
const LEAST_RIGHTS = {
  'spark.kubernetes.executor.disableConfigMap': 'true',
  'spark.kubernetes.driver.service.deleteOnTermination': 'false',
  'spark.kubernetes.driver.ownPersistentVolumeClaim': 'false',
  'spark.kubernetes.driver.reusePersistentVolumeClaim': 'false',
}

/** One core each, unless `spark.executor.cores` is set. */
function executors({ spark }: Config): { readonly cores: number; readonly instances: number } {
  const cores = Number(spark.conf['spark.executor.cores'] ?? 1)
  return { cores, instances: Math.ceil(spark.cores / cores) }
}

const labels = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(selectorLabels(name, 'executor')).map(([key, value]) => [
      `spark.kubernetes.executor.label.${key}`,
      value,
    ]),
  )
