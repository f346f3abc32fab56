import { basename } from 'node:path'

// Marks everything that is ours with the storage folder's id: only what carries this id is ever stopped or removed.
export const STORAGE_LABEL = 'io.cpu-anomaly.storage'

export const KAFKA = 'kafka-broker'
export const MASTER = 'spark-master'
export const WORKER = 'spark-worker'
export const DRIVER = 'spark-driver'

/** The names that belong to one storage folder. */
export interface Project {
  readonly id: string
  /** Compose's project name: readable thanks to the folder's name, unique thanks to the storage folder's id. */
  readonly name: string
  readonly network: string
  readonly sparkVolume: string
  readonly driverContainer: string
}

export function projectOf(folder: string, storageId: string): Project {
  const readable = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 30)
  const name = `${readable || 'cpu-anomaly'}-${storageId.slice(0, 8)}`.replace(/-+/g, '-')
  return {
    id: storageId,
    name,
    network: `${name}_cluster`,
    sparkVolume: `${name}_spark-data`,
    driverContainer: `${name}-driver`,
  }
}

/** A filter of Docker's API that matches what is ours. */
export const labelFilter = ({ id }: Project) => ({ label: [`${STORAGE_LABEL}=${id}`] })

// Paths in the containers: /opt/spark/work-dir is a volume that master, workers and driver share.
export const SHARED_DIR = '/opt/spark/work-dir'
export const CHECKPOINT_DIR = `${SHARED_DIR}/checkpoint`
export const SPARK_CONF_DIR = `${SHARED_DIR}/cluster`
export const KAFKA_META_FILE = '/var/lib/kafka/data/meta.properties'
/** The driver's own files. */
export const DRIVER_DIR = '/opt/cpu-anomaly'
/** The user of the Spark image. */
export const SPARK_UID = 185
