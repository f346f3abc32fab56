import type { Direction, GroupBy, TriggerMode } from '../config/config.ts'
import type { CpuUnit, InputFormat, TimeUnit } from '../formats/names.ts'

/** The settings that fill the template's one hole, as JSON; `cpu_anomaly/settings.py` reads the same names. No secrets. */
export interface JobSettings {
  readonly app_name: string
  readonly normal_mean: number
  readonly normal_stddev: number
  readonly direction: Direction
  readonly window_ms: number
  readonly watermark_ms: number
  readonly max_future_skew_ms: number
  readonly cpu_min: number | null
  readonly cpu_max: number | null
  readonly group_by: GroupBy
  readonly input_format: InputFormat
  /** The paths of `json`, as Spark's `get_json_object` takes them; null for other formats. */
  readonly input_time: string | null
  readonly input_time_unit: TimeUnit
  readonly input_cpu: string | null
  readonly input_cpu_unit: CpuUnit
  /** Null: the record's key. */
  readonly input_series: string | null
  /** Where the driver finds the file that `submit` has checked. */
  readonly baseline_file: string | null
  readonly input_topic: string
  readonly output_topic: string
  readonly dead_letter_topic: string
  readonly bootstrap_servers: string
  /** Kafka client properties without the `kafka.` prefix; none of them is secret. */
  readonly kafka_options: Readonly<Record<string, string>>
  /** JSON file with the secret Kafka client properties (such as `sasl.jaas.config`), readable only by the driver's user. */
  readonly kafka_secrets_file: string | null
  readonly starting_offsets: 'earliest' | 'latest'
  readonly max_offsets_per_trigger: number
  readonly trigger: TriggerMode
  readonly trigger_interval_ms: number
  readonly checkpoint_interval_ms: number
  readonly checkpoint: string
  /** What a checkpoint that others may reach too fixes: the driver compares it. Null if only this stack reaches it. */
  readonly manifest: Readonly<Record<string, string>> | null
}
