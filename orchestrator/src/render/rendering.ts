import { type Config, isGivenSpark } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { planQuery, type QueryPlan } from '../job/query-plan.ts'
import { type PreparedJob, prepareJob } from '../query/prepare.ts'
import { givenBrokerAccess } from '../runtime/given-broker.ts'
import type { JobEnvironment, JobFile } from '../runtime/runtime.ts'

export type Target = 'kubernetes' | 'spark-submit' | 'spark-operator'

/** Files for somebody who starts the job without this tool. The same settings give the same bytes. */
export interface Rendering {
  readonly files: readonly JobFile[]
  /** What to tell a person. */
  readonly remarks: readonly string[]
}

/** What every target needs: a job that other machines can run. */
export interface Shareable {
  readonly checkpoint: string
  readonly kafka: JobEnvironment['kafka']
}

/** @throws CliError CONFIGURATION for settings that mean this machine, and for those that only records can decide. */
export function requireShareable({ kafka, spark, input }: Config): Shareable {
  const refuse = (message: string, hint: string) => new CliError('CONFIGURATION', message, { hint })
  if (!kafka.isGiven)
    throw refuse(
      "KAFKA_SERVERS is empty: only this machine reaches this stack's own broker",
      'Set KAFKA_SERVERS.',
    )
  if (spark.checkpoint === undefined)
    throw refuse(
      'CHECKPOINT_LOCATION is empty: only this machine reaches STORAGE_DIR',
      'Set CHECKPOINT_LOCATION=hdfs://host:8020/path or s3a://bucket/path.',
    )
  if (input.format === 'auto')
    throw refuse(
      'INPUT_FORMAT=auto: the rendered job must name its format, because nobody looks at records for it',
      'Set INPUT_FORMAT; `cpu-anomaly doctor` says what the records of the topic are.',
    )
  return { checkpoint: spark.checkpoint, kafka: givenBrokerAccess(kafka) }
}

/** @throws CliError CONFIGURATION for settings of another cluster, which would be rendered into a job on Kubernetes. */
export function requireKubernetes({ runtime, spark }: Config, target: Target): void {
  if (!isGivenSpark(runtime) || runtime === 'kubernetes') return
  throw new CliError(
    'CONFIGURATION',
    `SPARK_MASTER=${spark.master}: the target ${target} is for a Kubernetes`,
    {
      hint: 'Set SPARK_MASTER=k8s://https://host:6443, or use --target spark-submit.',
    },
  )
}

/** The job for an environment; nothing is asked of a broker or of a cluster. */
export function renderedJob(config: Config, environment: JobEnvironment): Promise<PreparedJob> {
  return prepareJob(config, environment, renderedPlan(config, environment))
}

/** As for a topic with INPUT_PARTITIONS. */
const renderedPlan = (config: Config, environment: JobEnvironment): QueryPlan =>
  planQuery(config, environment, config.topics.inputPartitions)
