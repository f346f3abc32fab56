import { FORMATS, type InputFormat } from '../../formats/names.ts'
import type { JobSettings } from '../../job/job-settings.ts'

/** How `spark-job/measure/format_records.py` writes samples. Telegraf has two ways; any other format has its own name. */
export type BenchFormat = Exclude<InputFormat, 'telegraf'> | 'influx' | 'telegraf-json'

/** What `--format` can name; csv is always measured beside them. */
export const BESIDE_CSV: readonly BenchFormat[] = FORMATS.flatMap((format): readonly BenchFormat[] => {
  if (format === 'csv') return []
  return format === 'telegraf' ? ['influx', 'telegraf-json'] : [format]
})

/** By which settings the job reads a format. */
export function inputSettings(format: BenchFormat): Partial<JobSettings> {
  if (format === 'influx' || format === 'telegraf-json') return { input_format: 'telegraf' }
  if (format === 'json') return { input_format: 'json', input_time: '$.time', input_cpu: '$.cpu' }
  return { input_format: format }
}
