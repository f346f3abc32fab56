import { checkpointUri, isRemoteCheckpoint } from './checkpoint-location.ts'
import type { Config } from './config.ts'
import { isLoopback } from './given-servers.ts'
import { textOf } from './text-of.ts'

/** Places that do not fit each other, or would be silently ignored. */
export function clusterRules(config: Config): string[] {
  return [...deployModeRules(config.spark), ...placeRules(config)]
}

function placeRules(config: Config): string[] {
  const { spark, kafka } = config
  if (spark.master === undefined) return checkpointRules(config)
  const problems: string[] = []
  const runtime = textOf(config, 'RUNTIME')
  if (runtime !== 'auto')
    problems.push(`RUNTIME=${runtime}: SPARK_MASTER names the Spark to use; leave one of them out`)
  if (spark.master === 'yarn') return [...problems, ...yarnRules(config)]
  if (isMasterHere(spark.master)) return problems
  if (config.runtime === 'kubernetes') return [...problems, ...kubernetesRules(config)]
  problems.push(...brokerProblems(kafka, spark.master, 'workers'))
  if (spark.checkpoint === undefined)
    problems.push(
      `SPARK_MASTER=${spark.master}: its workers cannot reach STORAGE_DIR; set CHECKPOINT_LOCATION=hdfs://... or s3a://..., or file:///folder on a disk that all share`,
    )
  return problems
}

/** The Spark that this tool starts has no other machines. */
function checkpointRules(config: Config): string[] {
  const { checkpoint } = config.spark
  if (checkpoint === undefined) return []
  const setting = `CHECKPOINT_LOCATION=${checkpointUri(checkpoint)}`
  if (!isRemoteCheckpoint(checkpoint))
    return [`${setting}: does nothing without SPARK_MASTER; leave it empty, the checkpoint is in STORAGE_DIR`]
  return textOf(config, 'RUNTIME') === 'docker'
    ? [
        `${setting}: does nothing with RUNTIME=docker, whose checkpoint is in a volume; set RUNTIME=local, or leave it empty`,
      ]
    : []
}

/** Brokers that other machines cannot reach at the addresses that the settings name. */
function brokerProblems({ servers, isGiven }: Config['kafka'], master: string, whose: string): string[] {
  if (!isGiven)
    return [
      `SPARK_MASTER=${master}: its ${whose} cannot reach this stack's own broker, which listens on 127.0.0.1 only; set KAFKA_SERVERS`,
    ]
  return servers.every(isLoopback)
    ? [
        `KAFKA_SERVERS=${servers.join(',')}: for the ${whose} of SPARK_MASTER=${master} this means their own machine; name the brokers by addresses that all machines reach`,
      ]
    : []
}

/** Whether YARN reaches a broker of this machine depends on where it is: `runtime/yarn` looks. */
const yarnRules = ({ spark }: Config): string[] =>
  spark.checkpoint === undefined
    ? [
        'SPARK_MASTER=yarn: its nodes cannot reach STORAGE_DIR; set CHECKPOINT_LOCATION to a folder that all of them share',
      ]
    : []

const deployModeRules = ({ master, deployMode }: Config['spark']): string[] =>
  deployMode === 'cluster' && master !== 'yarn'
    ? [
        `SPARK_DEPLOY_MODE=cluster: only YARN runs the driver; set SPARK_MASTER=yarn, or leave SPARK_DEPLOY_MODE out`,
      ]
    : []

/** Pods have no disk and no network of this machine, unless their cluster is a process of it. */
function kubernetesRules({ spark, kafka }: Config): string[] {
  const { master = '', checkpoint } = spark
  const problems = brokerProblems(kafka, master, 'pods')
  if (!isRemoteCheckpoint(checkpoint))
    problems.push(
      checkpoint === undefined
        ? `SPARK_MASTER=${master}: its pods cannot reach STORAGE_DIR; set CHECKPOINT_LOCATION=hdfs://host:8020/path or s3a://bucket/path`
        : `CHECKPOINT_LOCATION=${checkpointUri(checkpoint)}: pods do not share a disk; set hdfs://host:8020/path or s3a://bucket/path`,
    )
  return problems
}

/** Is the master, and so its workers, on this machine? */
export const isMasterHere = (master: string): boolean =>
  master
    .replace(/^(?:spark|k8s):\/\/(?:https?:\/\/)?/, '')
    .split(',')
    .every((address) => isLoopback(address.replace(/\/.*/, '')))

/** The login to Kafka is part of the plan that executors get. */
export const clearPlanWarnings = ({ runtime, spark, kafka }: Config): string[] =>
  runtime === 'standalone' &&
  (kafka.sasl ?? kafka.ssl.key) !== undefined &&
  spark.conf['spark.authenticate'] !== 'true' &&
  !isMasterHere(spark.master ?? '')
    ? [
        "Kafka's login would reach Spark's executors in clear text: set SPARK_CONF_spark.authenticate=true and SPARK_CONF_spark.authenticate.secret, if the cluster has one",
      ]
    : []
