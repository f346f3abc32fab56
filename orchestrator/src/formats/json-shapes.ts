import { isObject, type JsonObject, numberIn, objectsIn, textIn } from './json-values.ts'
import type { Remark, SeenSample, Sighting } from './sighting.ts'

type Shape = (json: unknown) => Sighting | undefined

const UTILIZATION = 'system.cpu.utilization'
const CPU_TIME = 'system.cpu.time'

/** OTLP: a request with resources, each of which has metrics; one sample per resource and scrape. */
const otlp: Shape = (json) => {
  if (!isObject(json) || !Array.isArray(json.resourceMetrics)) return undefined
  const resources = objectsIn(json.resourceMetrics)
  const metrics = resources.flatMap(metricsOf)
  const samples = resources.flatMap((resource) => otlpSamples(resource))
  const hasCounter = metrics.some(({ name }) => name === CPU_TIME)
  const hasOther = metrics.some(({ name }) => name !== UTILIZATION && name !== CPU_TIME)
  return {
    name: 'otlp-json',
    format: 'otlp-json',
    samples,
    remarks: [
      ...(hasOther ? (['other metrics'] as const) : []),
      ...(samples.length === 0 && metrics.some(({ name }) => name === UTILIZATION)
        ? (['no CPU usage'] as const)
        : []),
    ],
    ...(samples.length === 0 && hasCounter && { counter: 'otlp' }),
  }
}

const metricsOf = (resource: JsonObject): JsonObject[] =>
  objectsIn(resource.scopeMetrics).flatMap(({ metrics }) => objectsIn(metrics))

/** 1 minus the mean over the cores of what is idle, per time. */
function otlpSamples(resource: JsonObject): SeenSample[] {
  const points = metricsOf(resource)
    .filter(({ name }) => name === UTILIZATION)
    .flatMap(({ gauge }) => objectsIn(isObject(gauge) ? gauge.dataPoints : undefined))
    .filter(({ attributes }) => attribute(attributes, 'state') === 'idle')
  const byTime = new Map<string, number[]>()
  for (const { timeUnixNano, asDouble, asInt } of points) {
    const idle = numberIn(asDouble) ?? numberIn(asInt)
    const time = String(timeUnixNano)
    if (idle !== undefined) byTime.set(time, [...(byTime.get(time) ?? []), idle])
  }
  const { attributes } = isObject(resource.resource) ? resource.resource : {}
  const series = attribute(attributes, 'host.name') ?? attribute(attributes, 'service.instance.id')
  return [...byTime.values()].map((idle) => ({
    cpu: 100 * (1 - idle.reduce((sum, each) => sum + each, 0) / idle.length),
    series,
  }))
}

function attribute(attributes: unknown, key: string): string | undefined {
  const found = objectsIn(attributes).find((each) => each.key === key)?.value
  return isObject(found) ? textIn(found.stringValue) : undefined
}

/** An event of Metricbeat, of whichever module. */
const metricbeat: Shape = (json) => {
  if (!isObject(json) || typeof json['@timestamp'] !== 'string') return undefined
  const { system, agent, metricset } = json
  const beat = isObject(json['@metadata']) ? json['@metadata'].beat : undefined
  const isBeat = beat === 'metricbeat' || (isObject(agent) && agent.type === 'metricbeat')
  const cpu = isObject(system) && isObject(system.cpu) ? system.cpu : undefined
  if (!isBeat && !isObject(metricset) && !(cpu && isObject(cpu.total))) return undefined
  const share = cpu && shareOf(cpu)
  const series = isObject(json.host) ? textIn(json.host.name) : undefined
  const remark: Remark = cpu ? 'no CPU usage' : 'other metrics'
  return {
    name: 'metricbeat',
    format: 'metricbeat',
    samples: share === undefined ? [] : [{ cpu: 100 * share, series }],
    remarks: share === undefined ? [remark] : [],
  }
}

function shareOf({ total, cores }: JsonObject): number | undefined {
  if (!isObject(total)) return undefined
  const norm = isObject(total.norm) ? numberIn(total.norm.pct) : undefined
  const pct = numberIn(total.pct)
  const count = numberIn(cores)
  return norm ?? (pct === undefined || !count ? undefined : pct / count)
}

/** The input `cpu` of Fluent Bit. */
const fluentBit: Shape = (json) => {
  if (!isObject(json)) return undefined
  const cpu = numberIn(json.cpu_p)
  if (cpu === undefined || (json.user_p === undefined && json.system_p === undefined)) return undefined
  return { name: 'fluent-bit', format: 'fluent-bit', samples: [{ cpu, series: undefined }], remarks: [] }
}

/** What collectd's plugin `write_kafka` writes: an array of value lists. */
const collectd: Shape = (json) => {
  const lists = objectsIn(json).filter(
    ({ plugin, values, dstypes }) =>
      typeof plugin === 'string' && Array.isArray(values) && Array.isArray(dstypes),
  )
  if (!Array.isArray(json) || lists.length === 0 || lists.length < json.length) return undefined
  const cpu = lists.filter(({ plugin }) => plugin === 'cpu')
  const gauges = cpu.filter((list) => !isCounter(list))
  const total = gauges.filter(isTotal)
  const samples = total.flatMap((list) => collectdSample(list) ?? [])
  return {
    name: 'collectd',
    format: 'collectd',
    samples,
    remarks: [
      ...(total.length < gauges.length ? (['single cores'] as const) : []),
      ...(cpu.length < lists.length ? (['other metrics'] as const) : []),
      ...(samples.length < total.length ? (['no CPU usage'] as const) : []),
    ],
    ...(samples.length === 0 && gauges.length < cpu.length && { counter: 'collectd' }),
  }
}

const isCounter = ({ dstypes }: JsonObject): boolean => Array.isArray(dstypes) && dstypes[0] !== 'gauge'

const isTotal = (list: JsonObject): boolean =>
  list.type === 'percent' &&
  (list.type_instance === 'active' || list.type_instance === 'idle') &&
  (list.plugin_instance === undefined || list.plugin_instance === '')

function collectdSample({ values, type_instance: state, host }: JsonObject): SeenSample | undefined {
  const value = Array.isArray(values) ? numberIn(values[0]) : undefined
  if (value === undefined) return undefined
  return { cpu: state === 'idle' ? 100 - value : value, series: textIn(host) }
}

const counterOf = (name: string, counter: 'prometheus' | 'vector'): Sighting => ({
  name,
  samples: [],
  remarks: [],
  counter,
})

/** What adapters of Prometheus' remote write send, and Vector's source `host_metrics`. */
const seconds: Shape = (json) => {
  if (!isObject(json)) return undefined
  const { name, labels, tags } = json
  const metric = textIn(isObject(labels) ? labels.__name__ : undefined) ?? textIn(name)
  if (!metric?.endsWith('cpu_seconds_total')) return undefined
  return isObject(json.counter) || (isObject(tags) && tags.collector !== undefined)
    ? counterOf('Vector host_metrics', 'vector')
    : counterOf('Prometheus node_cpu_seconds_total', 'prometheus')
}

const SHAPES: readonly Shape[] = [otlp, metricbeat, fluentBit, collectd, seconds]

/** What a JSON document is that is not Telegraf's; undefined if it has no known shape. */
export function recogniseShape(json: unknown): Sighting | undefined {
  for (const shape of SHAPES) {
    const sighting = shape(json)
    if (sighting) return sighting
  }
  return undefined
}
