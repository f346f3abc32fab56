import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { distance } from 'fastest-levenshtein'
import { packageRoot } from '../package/root.ts'
import { isGivenSpark, isYarn, type RuntimeName } from './config.ts'

/**
 * The Spark properties that this tool sets itself, and why, or what to use instead: the user's value would be overridden.
 * A test holds the list to what `job/submit-args.ts`, the runtimes and `cpu_anomaly` set.
 */
export const OWN_SPARK_PROPERTIES: Readonly<Record<string, string>> = {
  'spark.app.name': 'the name of the job is fixed',
  'spark.authenticate': "Spark's processes share a secret of the stack",
  'spark.authenticate.secret': "Spark's processes share a secret of the stack",
  'spark.blockManager.port': 'executors on one machine need ports of their own',
  'spark.driver.bindAddress': 'everything listens on this machine only',
  'spark.driver.extraClassPath': 'it holds the connector; use spark.jars.packages',
  'spark.driver.host': 'everything listens on this machine only',
  'spark.driver.memory': 'use SPARK_DRIVER_MEMORY',
  'spark.executor.defaultJavaOptions': 'use spark.executor.extraJavaOptions',
  'spark.executor.memory': 'use SPARK_WORKER_MEMORY',
  'spark.hadoop.fs.AbstractFileSystem.file.impl': 'the checkpoint is on a local disk',
  'spark.hadoop.fs.defaultFS': 'paths without a scheme are on this machine',
  'spark.hadoop.fs.file.impl': 'the checkpoint is on a local disk',
  'spark.jars': 'it holds the connector; use spark.jars.packages',
  'spark.kafka.consumer.fetchedData.cache.evictorThreadRunInterval': 'fetched records would fill the heap',
  'spark.kafka.consumer.fetchedData.cache.timeout': 'fetched records would fill the heap',
  'spark.local.dir': 'shuffle files belong to STORAGE_DIR',
  'spark.master': 'use SPARK_CORES',
  'spark.network.crypto.enabled': 'a given Kafka needs it on all of the cluster',
  'spark.port.maxRetries': 'the UI must be on SPARK_UI_PORT',
  'spark.scheduler.mode': 'query and audit share the cores fairly',
  'spark.shuffle.readHostLocalDisk': 'containers do not share a disk',
  'spark.shuffle.streaming.networkBufferMaxWaitTimeMs': 'real-time mode must not delay a row',
  'spark.sql.adaptive.enabled': 'a stateful query cannot be adaptive',
  'spark.sql.optimizer.getJsonObjectSharedParsing.enabled': 'all paths of a JSON record are read in one pass',
  'spark.sql.redaction.options.regex': "Kafka's secrets must not be shown",
  'spark.sql.session.timeZone': 'results are in UTC',
  'spark.sql.shuffle.partitions': 'use SHUFFLE_PARTITIONS',
  'spark.sql.streaming.checkpointFileManagerClass': 'the checkpoint is on a local disk',
  'spark.sql.streaming.checkpointLocation': 'the checkpoint belongs to STORAGE_DIR',
  'spark.sql.streaming.minBatchesToRetain': 'the accounting of late samples reads the plans of old batches',
  'spark.sql.streaming.noDataMicroBatches.enabled': 'a batch without data emits nothing',
  'spark.sql.streaming.noDataProgressEventInterval': 'a query that reads nothing is ready once it is idle',
  'spark.sql.streaming.stateStore.providerClass': 'use STATE_STORE',
  'spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled': 'use STATE_STORE',
  'spark.sql.warehouse.dir': 'it belongs to STORAGE_DIR',
  'spark.submit.deployMode': 'the driver runs under supervision',
  'spark.ui.killEnabled': 'nobody may end the job in the UI',
  'spark.ui.liveUpdate.period': 'readiness in real-time mode depends on it',
  'spark.ui.port': 'use SPARK_UI_PORT',
  'spark.ui.showConsoleProgress': 'it would fill the log',
  'spark.yarn.appMasterEnv.CPU_ANOMALY_SUPERVISOR': 'it says how the driver is stopped',
  'spark.yarn.appMasterEnv.PYTHONWARNINGS': "the driver's log is read line by line",
  'spark.yarn.submit.waitAppCompletion': 'the job goes on without its submitter',
  'spark.yarn.tags': 'the stack finds its application by them',
}

/** Where the job runs: what Spark reads, and what only its user knows, depends on it. */
export interface PropertyPlace {
  readonly runtime: Runtime
  /** The checkpoint is on S3. */
  readonly isOnS3: boolean
}

type Runtime = RuntimeName | 'auto'

const ON_YARN = /^spark\.(?:yarn\.|(?:driver|executor)\.(?:m|minM)emoryOverhead)/

/** Properties that one place reads and the others do not. */
const isReadOn = (runtime: Runtime, name: string): boolean =>
  (isYarn(runtime) && ON_YARN.test(name)) || (runtime === 'yarn-cluster' && name === 'spark.driver.cores')

/** How a driver of a cluster that is already there logs in, and where its executors reach it: only its user knows. */
const OF_A_GIVEN_CLUSTER: ReadonlySet<string> = new Set([
  'spark.authenticate',
  'spark.blockManager.port',
  'spark.driver.bindAddress',
  'spark.driver.host',
  'spark.executor.defaultJavaOptions',
  'spark.network.crypto.enabled',
  'spark.shuffle.readHostLocalDisk',
])

/** Properties that Spark does not read from the arguments of a job on this tool's runtimes. */
const WITHOUT_EFFECT: readonly (readonly [names: RegExp, why: string])[] = [
  [/^spark\.(?:yarn|kubernetes|mesos)\./, 'cpu-anomaly does not use this cluster manager'],
  [/^spark\.(?:master|worker|deploy|history)\./, 'it belongs to a daemon, not to a job'],
  [/^spark\.driver\.(?:cores|supervise)$/, 'Spark reads it only in cluster mode'],
  [/^spark\.(?:driver|executor)\.(?:m|minM)emoryOverhead/, 'Spark reads it only on YARN and Kubernetes'],
  [/^spark\.streaming\./, 'it belongs to DStreams, which this job does not use'],
]

/**
 * Spark writes them into each entry of the offset log, and a restarted query has the values of the last entry, whatever
 * its session has (`OffsetSeqMetadata.relevantSQLConfs` of Spark 4.3.0, except for the state store's class, which
 * STATE_STORE decides).
 */
const FIXED_BY_CHECKPOINT: ReadonlySet<string> = new Set(
  [
    'dropDuplicates.deterministicKeyOrder.enabled',
    'function.protobufExtensions.enabled',
    'optimizer.pruneFiltersCanPruneStreamingSubplan',
    'streaming.aggregation.stateFormatVersion',
    'streaming.flatMapGroupsWithState.stateFormatVersion',
    'streaming.join.stateFormatVersion',
    'streaming.multipleWatermarkPolicy',
    'streaming.queryEvolution.enableSourceEvolution',
    'streaming.stateStore.compression.codec',
    'streaming.stateStore.encodingFormat',
    'streaming.stateStore.rocksdb.formatVersion',
    'streaming.stateStore.rocksdb.mergeOperatorVersion',
    'streaming.stateStore.rowChecksum.enabled',
    'streaming.statefulOperator.alwaysNullableOutput.enabled',
    'streaming.statefulOperator.useStrictDistribution',
  ].map((name) => `spark.sql.${name}`),
)

export const isFixedByCheckpoint = (name: string): boolean => FIXED_BY_CHECKPOINT.has(name)

/** Only executors on workers read them; on the local runtime the driver runs the tasks. */
export const isOfExecutors = (name: string): boolean =>
  /^spark\.(?:cores\.max|dynamicAllocation\.|executor\.(?:cores|instances|extra|pyspark|logs))/.test(name)

/** Is a Spark property of this name likely to hold a secret? */
export const looksSecret = (name: string): boolean =>
  /secret|password|token|access\.?key|encryption\.key/i.test(name)

/** How Spark's driver and executors get at a checkpoint on S3: its secrets go into a file, too. */
const isOfS3 = (name: string): boolean => name.startsWith('spark.hadoop.fs.s3a.')

/** Why a property is refused, and what to do; undefined if it takes effect, or may do so. Secrets of a given cluster go into a file. */
export function refusedProperty(name: string, place: PropertyPlace): string | undefined {
  if (isOfS3(name) && looksSecret(name))
    return place.isOnS3 ? undefined : 'has no effect without CHECKPOINT_LOCATION=s3a://bucket/path; remove it'
  if (isGivenSpark(place.runtime) && (OF_A_GIVEN_CLUSTER.has(name) || looksSecret(name))) return undefined
  if (Object.hasOwn(OWN_SPARK_PROPERTIES, name))
    return `is set by cpu-anomaly (${OWN_SPARK_PROPERTIES[name]}), so another value has no effect; remove it`
  if (looksSecret(name))
    return "looks like a secret, and would be visible in spark-submit's arguments; keep it in a file that Spark reads"
  if (isReadOn(place.runtime, name)) return undefined
  const why = WITHOUT_EFFECT.find(([names]) => names.test(name))?.[1]
  if (why) return `has no effect: ${why}; remove it`
  const meant = isKnown(name) ? undefined : misspelt(name)
  return meant && `is not a property of Spark; did you mean ${meant}?`
}

/** Does Spark know the property? Others may be of a plugin or a data source, which have names of their own. */
export const isKnown = (name: string): boolean => names().has(name) || OPEN_ENDED.test(name)

/** Properties whose names go on with a name of the user's, or of another library. */
const OPEN_ENDED =
  /^spark\.(?:hadoop|hive|yarn|executorEnv|metrics\.conf|sql\.catalog|ssl|kafka|redaction|plugins|kubernetes\.(?:driverEnv|node\.selector)|kubernetes\.executor\.(?:annotation|label|node\.selector|secretKeyRef|secrets|volumes))\./

function misspelt(name: string): string | undefined {
  const written = name.toLowerCase()
  return [...names()].find((known) => distance(known.toLowerCase(), written) <= 2)
}

let listed: ReadonlySet<string> | undefined

/** The names in Spark's own code. */
function names(): ReadonlySet<string> {
  listed ??= new Set(readFileSync(join(packageRoot, 'infra', 'spark', 'properties.txt'), 'utf8').split('\n'))
  return listed
}
