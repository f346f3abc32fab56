import type { Config, SparkConfig } from '../config/config.ts'
import { looksSecret } from '../config/spark-properties.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import { microBatchPlan, type QueryPlan } from './query-plan.ts'
import { APP_NAME } from './settings.ts'

export const JAVA_OPTIONS = 'spark.driver.extraJavaOptions'

/** State on disk; a commit writes only what changed. */
const ROCKSDB_CONF = {
  'spark.sql.streaming.stateStore.providerClass':
    'org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider',
  'spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled': 'true',
}

/** The arguments of spark-submit before the job's path. No secrets: every user of the machine can read arguments. */
export function submitArgs(
  config: Config,
  environment: JobEnvironment,
  plan: QueryPlan = microBatchPlan(config),
): string[] {
  const { spark } = config
  const conf = Object.entries(sparkConf(spark, environment, plan)).flatMap(([name, value]) => [
    '--conf',
    `${name}=${value}`,
  ])
  const main = [
    '--master',
    masterOf(environment, plan),
    '--name',
    APP_NAME,
    '--driver-memory',
    spark.driverMemory,
  ]
  const secrets = Object.keys(sparkSecrets(spark)).length > 0 && environment.propertiesFile
  const file = secrets ? ['--properties-file', secrets] : []
  const jars = environment.connectorJars.length > 0 ? ['--jars', environment.connectorJars.join(',')] : []
  return [...main, ...(environment.submitOptions ?? []), ...file, ...jars, ...conf]
}

/** The user's properties that hold secrets: they are written to `propertiesFile`. */
export const sparkSecrets = ({ conf }: SparkConfig): Record<string, string> =>
  Object.fromEntries(Object.entries(conf).filter(([name]) => looksSecret(name)))

/** If slots are threads, a query that needs more of them than there are gets as many as it needs. */
const masterOf = ({ master, slots, masterWithSlots }: JobEnvironment, plan: QueryPlan): string =>
  plan.slots > slots && masterWithSlots ? masterWithSlots(plan.slots) : master

/** The user's properties, overridden by those that this tool relies on; the JVM options of both are concatenated. */
function sparkConf(spark: SparkConfig, environment: JobEnvironment, plan: QueryPlan): Record<string, string> {
  const javaOptions = [spark.conf[JAVA_OPTIONS], environment.sparkConf[JAVA_OPTIONS]]
    .filter(Boolean)
    .join(' ')
  const { isReadHere = () => false } = environment
  const open = Object.entries(spark.conf).filter(([name]) => !looksSecret(name) && !isReadHere(name))
  return {
    ...Object.fromEntries(open),
    'spark.sql.shuffle.partitions': String(plan.shufflePartitions),
    ...(plan.stateStore === 'rocksdb' && ROCKSDB_CONF),
    'spark.ui.killEnabled': 'false',
    // Of the checkpoint's path, whatever a Hadoop on the class path says.
    ...(!environment.hasHadoopSettings && { 'spark.hadoop.fs.defaultFS': 'file:///' }),
    'spark.ui.showConsoleProgress': 'false',
    ...environment.sparkConf,
    ...(javaOptions && { [JAVA_OPTIONS]: javaOptions }),
  }
}
