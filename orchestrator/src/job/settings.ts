import type { Config, InputConfig } from '../config/config.ts'
import type { InputFormat } from '../formats/names.ts'
import { javaClientOptions } from '../kafka/java-client.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import type { JobSettings } from './job-settings.ts'
import { microBatchPlan, type QueryPlan } from './query-plan.ts'

export const APP_NAME = 'cpu-anomaly'

/** The job's settings, from the configuration and from the environment in which the job will run. */
export function jobSettings(
  config: Config,
  environment: JobEnvironment,
  plan: QueryPlan = microBatchPlan(config),
  manifest: JobSettings['manifest'] = null,
): JobSettings {
  const { detector, input, topics, query } = config
  return {
    app_name: APP_NAME,
    normal_mean: detector.normalMean,
    normal_stddev: detector.normalStddev,
    direction: detector.direction,
    window_ms: detector.windowMs,
    watermark_ms: detector.watermarkMs,
    max_future_skew_ms: detector.maxFutureSkewMs,
    cpu_min: detector.cpuMin ?? null,
    cpu_max: detector.cpuMax ?? null,
    group_by: detector.groupBy,
    input_format: knownFormat(input),
    input_time: input.time ?? null,
    input_time_unit: input.timeUnit,
    input_cpu: input.cpu ?? null,
    input_cpu_unit: input.cpuUnit,
    input_series: input.series ?? null,
    baseline_file: detector.baselineFile === undefined ? null : environment.baselineFile,
    input_topic: topics.input,
    output_topic: topics.output,
    dead_letter_topic: topics.deadLetter,
    bootstrap_servers: environment.kafka.servers.join(','),
    kafka_options: javaClientOptions(environment.kafka),
    kafka_secrets_file: environment.secretsFile ?? null,
    starting_offsets: query.startingOffsets,
    max_offsets_per_trigger: query.maxOffsetsPerTrigger,
    trigger: plan.trigger,
    trigger_interval_ms: query.triggerIntervalMs,
    checkpoint_interval_ms: query.checkpointIntervalMs,
    checkpoint: environment.checkpoint,
    manifest,
  }
}

/** `submit` has put what it found in the place of `auto`. */
function knownFormat({ format }: InputConfig): InputFormat {
  if (format === 'auto') throw new Error('INPUT_FORMAT=auto has reached the job')
  return format
}
