import type { Config } from '../../../config/config.ts'
import { version } from '../../../package/package-json.ts'
import { packageRoot } from '../../../package/root.ts'
import { containerLimitMb } from '../container/memory.ts'

/** Cores per worker: together at least SPARK_CORES. */
export const workerCores = ({ spark }: Config): number => Math.ceil(spark.cores / spark.workers)

/** The variables of `docker-compose.yml`, from the resolved settings. The file's own defaults are for use without this tool. */
export function composeEnvironment(config: Config, storageId: string): Record<string, string> {
  const { spark, kafka, ports, images } = config
  return {
    KAFKA_IMAGE: images.kafka,
    SPARK_IMAGE: images.spark,
    KAFKA_PORT: String(ports.kafka),
    SPARK_MASTER_UI_PORT: String(ports.sparkMasterUi),
    KAFKA_USERNAME: kafka.sasl?.username ?? '',
    KAFKA_PASSWORD: kafka.sasl?.password ?? '',
    SPARK_WORKERS: String(spark.workers),
    SPARK_WORKER_MEMORY: spark.workerMemory,
    CPU_ANOMALY_WORKER_CORES: String(workerCores(config)),
    CPU_ANOMALY_WORKER_LIMIT: `${containerLimitMb(spark.workerMemory)}m`,
    CPU_ANOMALY_STORAGE_ID: storageId,
    CPU_ANOMALY_VERSION: version(),
    CPU_ANOMALY_PACKAGE: packageRoot,
    COMPOSE_IGNORE_ORPHANS: 'true', // the driver's container, which is not in the file
  }
}
