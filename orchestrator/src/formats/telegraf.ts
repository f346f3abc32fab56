import { isObject } from './json-values.ts'
import type { Remark, SeenSample, Sighting } from './sighting.ts'

/** A metric of Telegraf, in whichever of its two formats. */
export interface Metric {
  readonly name: string
  readonly tags: Readonly<Record<string, unknown>>
  readonly fields: Readonly<Record<string, unknown>>
}

const TOTAL = 'cpu-total'

/** What these metrics of one record are: only those of `cpu-total` are samples. */
export function telegrafSighting(name: string, metrics: readonly Metric[]): Sighting {
  const cpu = metrics.filter((metric) => metric.name === 'cpu')
  // Without the tag it may be a total or not: the job makes a dead letter of it.
  const total = cpu.filter(({ tags }) => (tags.cpu ?? TOTAL) === TOTAL)
  const samples = total.filter(({ tags }) => tags.cpu === TOTAL).flatMap((metric) => sampleOf(metric) ?? [])
  const isCounter = total.some(({ fields }) => Object.keys(fields).some((field) => field.startsWith('time_')))
  const remarks: Remark[] = []
  if (total.length < cpu.length) remarks.push('single cores')
  if (cpu.length < metrics.length) remarks.push('other metrics')
  if (samples.length < total.length && !isCounter) remarks.push('no CPU usage')
  return {
    name,
    format: 'telegraf',
    samples,
    remarks,
    ...(samples.length === 0 && isCounter && { counter: 'telegraf' }),
  }
}

function sampleOf({ fields, tags }: Metric): SeenSample | undefined {
  const active = fields.usage_active
  const idle = fields.usage_idle
  const cpu = typeof active === 'number' ? active : typeof idle === 'number' ? 100 - idle : undefined
  if (cpu === undefined || !Number.isFinite(cpu)) return undefined
  return { cpu, series: typeof tags.host === 'string' ? tags.host : undefined }
}

/** Telegraf's JSON: one metric, or a batch of them; undefined if it is something else. */
export function recogniseTelegrafJson(json: unknown): Sighting | undefined {
  const batch = isObject(json) && Array.isArray(json.metrics) ? json.metrics : [json]
  const metrics = batch.flatMap((each) => metricOf(each) ?? [])
  if (metrics.length === 0 || metrics.length < batch.length) return undefined
  const sighting = telegrafSighting('telegraf (JSON)', metrics)
  const isWhole = batch.every((each) => isObject(each) && isWholeSecond(each.timestamp))
  return isWhole ? { ...sighting, remarks: [...sighting.remarks, 'whole seconds'] } : sighting
}

function metricOf(json: unknown): Metric | undefined {
  if (!isObject(json) || typeof json.name !== 'string' || typeof json.timestamp !== 'number') return undefined
  const { name, fields, tags = {} } = json
  return isObject(fields) && isObject(tags) ? { name, fields, tags } : undefined
}

const isWholeSecond = (time: unknown): boolean =>
  typeof time === 'number' && Number.isInteger(time) && time < 1e11
