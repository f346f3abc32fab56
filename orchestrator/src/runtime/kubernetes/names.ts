import { createHash } from 'node:crypto'
import type { Config } from '../../config/config.ts'

/** The parent of all mounts, and the working directory of the driver: the job names files of the Secret by relative paths. */
export const HOME = '/opt/cpu-anomaly'
/** Where the ConfigMap is mounted. */
export const FILES = `${HOME}/files`
/** Where the Secret is mounted, by its path in `HOME`. */
export const SECRETS = 'secrets'
/** A folder that lasts as long as the pod. */
export const WORK = `${HOME}/work`

/** The files of the Secret. */
export const KAFKA_SECRETS = 'kafka-secrets.json'
export const SPARK_SECRETS = 'spark-secrets.properties'
/** What driver and executors share. */
export const SPARK_AUTHENTICATE = 'spark-authenticate'

/** The user of Spark's official images. */
export const SPARK_UID = 185

/**
 * The name of everything that belongs to a job: it follows from the checkpoint, so that Kubernetes itself has one driver for
 * a checkpoint.
 */
export const jobName = (checkpoint: string): string =>
  `cpu-anomaly-${createHash('sha256').update(checkpoint).digest('hex').slice(0, 8)}`

export const namespaceOf = ({ spark }: Config): string =>
  spark.conf['spark.kubernetes.namespace'] ?? 'default'

/** The service account that the cluster's owner has made; undefined if the job has one of its own. */
export const givenServiceAccount = ({ spark }: Config): string | undefined =>
  spark.conf['spark.kubernetes.authenticate.driver.serviceAccountName']

type Component = 'driver' | 'executor'

/** By which the pods of a job are found. */
export const selectorLabels = (name: string, component: Component): Record<string, string> => ({
  'app.kubernetes.io/name': 'cpu-anomaly',
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/component': component,
})

/** As a query of the API. */
export const labelSelector = (name: string, component: Component): string =>
  Object.entries(selectorLabels(name, component))
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

export const objectLabels = (name: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'cpu-anomaly',
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/managed-by': 'cpu-anomaly',
})
