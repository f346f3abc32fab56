import type { JobSettings } from '../../job/job-settings.ts'

/** What `--format` can name: how `spark-job/measure/format_records.py` writes samples. */
export const FORMATS = [
  'influx',
  'telegraf-json',
  'otlp-json',
  'json',
  'metricbeat',
  'fluent-bit',
  'collectd',
] as const
export type BenchFormat = (typeof FORMATS)[number] | 'csv'

/** By which settings the job reads a format. */
export function inputSettings(format: BenchFormat): Partial<JobSettings> {
  if (format === 'influx' || format === 'telegraf-json') return { input_format: 'telegraf' }
  if (format === 'json') return { input_format: 'json', input_time: '$.time', input_cpu: '$.cpu' }
  return { input_format: format }
}
