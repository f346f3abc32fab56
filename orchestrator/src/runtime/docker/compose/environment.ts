import type { Config } from '../../../config/config.ts'
import { version } from '../../../package/package-json.ts'
import { packageRoot } from '../../../package/root.ts'
import { containerLimitMb } from '../../memory.ts'
import { masterAddress, usesHostNetwork } from '../container/network.ts'
import { KAFKA, MASTER, WORKER } from '../container/project.ts'

/** Cores per worker: together at least SPARK_CORES. */
export const workerCores = ({ spark }: Config): number => Math.ceil(spark.cores / spark.workers)

/** The compose files of the package that are in force for these settings. */
export const composeFiles = (config: Config): string[] => [
  'docker-compose.yml',
  ...(usesHostNetwork(config) ? ['infra/docker/host-network.yml'] : []),
]

/** The services to start: a given Kafka has brokers already. */
export const composeServices = ({ kafka }: Config): string[] => [
  ...(kafka.isGiven ? [] : [KAFKA]),
  MASTER,
  WORKER,
]

/** The variables of the compose files, from the resolved settings. Their own defaults are for use without this tool. */
export function composeEnvironment(config: Config, storageId: string): Record<string, string> {
  const { spark, kafka, ports, images } = config
  const login = kafka.isGiven ? undefined : kafka.sasl // what the own broker requires
  return {
    KAFKA_IMAGE: images.kafka,
    SPARK_IMAGE: images.spark,
    KAFKA_PORT: String(ports.kafka),
    SPARK_MASTER_UI_PORT: String(ports.sparkMasterUi),
    KAFKA_USERNAME: login?.username ?? '',
    KAFKA_PASSWORD: login?.password ?? '',
    SPARK_WORKERS: String(spark.workers),
    SPARK_WORKER_MEMORY: spark.workerMemory,
    CPU_ANOMALY_WORKER_CORES: String(workerCores(config)),
    CPU_ANOMALY_WORKER_LIMIT: `${containerLimitMb(spark.workerMemory)}m`,
    // A login and certificates of somebody else's cluster reach executors within tasks.
    CPU_ANOMALY_ENCRYPT_TRAFFIC: String(kafka.isGiven),
    CPU_ANOMALY_MASTER_ADDRESS: masterAddress(storageId),
    CPU_ANOMALY_STORAGE_ID: storageId,
    CPU_ANOMALY_VERSION: version(),
    CPU_ANOMALY_PACKAGE: packageRoot,
    COMPOSE_IGNORE_ORPHANS: 'true', // the driver's container, which is not in the file
  }
}
