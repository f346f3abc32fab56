import type { Config } from '../config/config.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { clientJaas } from '../kafka/jaas.ts'
import type { JobPlace } from '../runtime/runtime.ts'
import type { JobSettings } from './job-settings.ts'
import { microBatchPlan, type QueryPlan } from './query-plan.ts'

export const APP_NAME = 'cpu-anomaly'

/** What the job is to know, from the settings and from where it will run. */
export function jobSettings(
  config: Config,
  place: JobPlace,
  plan: QueryPlan = microBatchPlan(config),
): JobSettings {
  const { detector, topics, query } = config
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
    input_topic: topics.input,
    output_topic: topics.output,
    dead_letter_topic: topics.deadLetter,
    bootstrap_servers: place.kafka.servers.join(','),
    kafka_options: kafkaOptions(place.kafka),
    kafka_secrets_file: place.secretsFile ?? null,
    starting_offsets: query.startingOffsets,
    max_offsets_per_trigger: query.maxOffsetsPerTrigger,
    trigger: plan.trigger,
    trigger_interval_ms: query.triggerIntervalMs,
    checkpoint_interval_ms: query.checkpointIntervalMs,
    checkpoint: place.checkpoint,
  }
}

function kafkaOptions({ securityProtocol, sasl }: KafkaAccess): Record<string, string> {
  return {
    'security.protocol': securityProtocol,
    ...(sasl && { 'sasl.mechanism': sasl.mechanism }),
  }
}

/** The Kafka client properties that are secret; the driver reads them from a file of its own. */
export function kafkaSecrets({ sasl }: KafkaAccess): Record<string, string> {
  return sasl ? { 'sasl.jaas.config': clientJaas(sasl) } : {}
}
