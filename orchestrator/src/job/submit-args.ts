import type { Config, SparkConfig } from '../config/config.ts'
import type { JobPlace } from '../runtime/runtime.ts'
import { microBatchPlan, type QueryPlan } from './query-plan.ts'
import { APP_NAME } from './settings.ts'

export const JAVA_OPTIONS = 'spark.driver.extraJavaOptions'

/** State on disk, of which a commit writes down only what changed. */
const ROCKSDB_CONF = {
  'spark.sql.streaming.stateStore.providerClass':
    'org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider',
  'spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled': 'true',
}

/** What spark-submit gets before the job's path. No secrets: every user of the machine can read arguments. */
export function submitArgs(
  config: Config,
  place: JobPlace,
  plan: QueryPlan = microBatchPlan(config),
): string[] {
  const { spark } = config
  const conf = Object.entries(sparkConf(spark, place, plan)).flatMap(([name, value]) => [
    '--conf',
    `${name}=${value}`,
  ])
  const main = ['--master', masterOf(place, plan), '--name', APP_NAME, '--driver-memory', spark.driverMemory]
  const jars = place.connectorJars.length > 0 ? ['--jars', place.connectorJars.join(',')] : []
  return [...main, ...jars, ...conf]
}

/** Where slots are threads, a query that holds more of them than there are gets as many as it needs. */
const masterOf = ({ master, slots, masterWith }: JobPlace, plan: QueryPlan): string =>
  plan.slots > slots && masterWith ? masterWith(plan.slots) : master

/** The user's properties first: what this tool relies on goes over them, except for the JVM's options, which add up. */
function sparkConf(spark: SparkConfig, place: JobPlace, plan: QueryPlan): Record<string, string> {
  const javaOptions = [spark.conf[JAVA_OPTIONS], place.sparkConf[JAVA_OPTIONS]].filter(Boolean).join(' ')
  return {
    ...spark.conf,
    'spark.sql.shuffle.partitions': String(plan.shufflePartitions),
    ...(plan.stateStore === 'rocksdb' && ROCKSDB_CONF),
    'spark.ui.killEnabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    ...place.sparkConf,
    ...(javaOptions && { [JAVA_OPTIONS]: javaOptions }),
  }
}
