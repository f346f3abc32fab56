import type { Config } from '../config/config.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import { renderJob } from '../job/render.ts'
import { jobSettings } from '../job/settings.ts'
import { sparkSecrets, submitArgs } from '../job/submit-args.ts'
import { readModules, readTemplate } from '../job/template.ts'
import { javaClientSecrets } from '../kafka/java-client.ts'
import type { Runtime } from '../runtime/places.ts'
import { JOB_FILE, type JobEnvironment, type Submission } from '../runtime/runtime.ts'
import { type Manifest, manifestOf } from './manifest.ts'
import { stopTimeoutMs, submittedQuery } from './submitted.ts'
import { submittedBaseline } from './submitted-baseline.ts'

export interface PreparedJob extends Pick<Submission, 'files' | 'submitArgs' | 'stopTimeoutMs'> {
  /** What to tell a person about the files. */
  readonly remarks: readonly string[]
}

export type PreparedSubmission = PreparedJob & Submission

/** What `submit` hands to the runtime: the job's files, spark-submit's arguments, and the secrets. */
export async function prepareSubmission(
  config: Config,
  runtime: Runtime,
  plan: QueryPlan,
): Promise<PreparedSubmission> {
  const isShared = config.spark.checkpoint !== undefined
  const clusterId = isShared ? await runtime.clusterId().catch(() => undefined) : undefined
  return {
    ...(await prepareJob(config, runtime.job, plan, clusterId)),
    secrets: javaClientSecrets(runtime.kafka),
    sparkSecrets: sparkSecrets(config.spark),
  }
}

/** Without the secrets. `clusterId`: of Kafka; the driver asks for it if it is undefined. */
export async function prepareJob(
  config: Config,
  environment: JobEnvironment,
  plan: QueryPlan,
  clusterId?: string,
): Promise<PreparedJob> {
  const baseline = await submittedBaseline(config)
  const manifest = config.spark.checkpoint === undefined ? null : manifestFor(config, plan, clusterId)
  const job = renderJob(await readTemplate(), jobSettings(config, environment, plan, manifest))
  return {
    files: [{ path: JOB_FILE, text: job }, ...(await readModules()), ...(baseline ? [baseline.file] : [])],
    remarks: baseline ? [baseline.remark] : [],
    submitArgs: submitArgs(config, environment, plan),
    stopTimeoutMs: stopTimeoutMs(submittedQuery(config, plan)),
  }
}

function manifestFor(config: Config, plan: QueryPlan, clusterId: string | undefined): Manifest {
  const { KAFKA_CLUSTER_ID, ...others } = manifestOf(config, plan, clusterId ?? '')
  return clusterId === undefined || KAFKA_CLUSTER_ID === undefined ? others : { ...others, KAFKA_CLUSTER_ID }
}
