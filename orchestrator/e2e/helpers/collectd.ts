import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import type { StoredRecord } from './kafka.ts'
import type { Sample } from './oracle.ts'
import type { Stack } from './stack.ts'

const PROGRAM = '/usr/sbin/collectd'
const PLUGINS = '/usr/lib/collectd'

/** Debian's packages `collectd-core` and, for the plugin, `librdkafka1`. */
export const hasCollectd = existsSync(PROGRAM) && existsSync(join(PLUGINS, 'write_kafka.so'))

/** How often it measures. */
const INTERVAL_MS = 100
/** collectd itself replaces what is not ASCII by question marks. */
export const COLLECTD_HOST = 'rack 7, "a"'

/** What the plugin `cpu` sends: a share in percent of the whole machine, or counters per core and state. */
export type CpuValues = 'gauge' | 'counter'

const config = (folder: string, broker: string, topic: string, values: CpuValues) => `
Hostname "${COLLECTD_HOST.replaceAll('"', '\\"')}"
FQDNLookup false
BaseDir "${folder}"
PIDFile "${join(folder, 'collectd.pid')}"
PluginDir "${PLUGINS}"
TypesDB "/usr/share/collectd/types.db"
Interval ${INTERVAL_MS / 1_000}
LoadPlugin cpu
LoadPlugin load
LoadPlugin write_kafka
<Plugin cpu>
  ValuesPercentage ${values === 'gauge'}
  ReportByCpu ${values === 'counter'}
  ReportByState ${values === 'counter'}
</Plugin>
<Plugin write_kafka>
  Property "metadata.broker.list" "${broker}"
  <Topic "${topic}">
    Format JSON
  </Topic>
</Plugin>
`

/** Starts a collectd that measures this machine and writes to the stack's input topic. */
export async function startCollectd({ folder, broker, topics }: Stack, values: CpuValues = 'gauge') {
  const file = join(folder, `collectd-${values}.conf`)
  await writeFile(file, config(folder, broker, topics.input, values))
  const running = execa(PROGRAM, ['-f', '-C', file], { reject: false, all: true, stdin: 'ignore' })
  return {
    /** Ends it, after it has sent what it has measured. */
    async stop(): Promise<void> {
      running.kill('SIGTERM')
      const { exitCode, all } = await running
      if (exitCode !== 0) throw new Error(`collectd ended with ${exitCode}: ${all}`)
    },
  }
}

interface ValueList {
  readonly values: readonly number[]
  readonly time: number
  readonly host: string
  readonly plugin: string
  readonly type: string
}

/** The samples in collectd's records, read without code of the tool or the job. */
export const collectdSamples = (records: readonly StoredRecord[]): Sample[] =>
  records
    .flatMap(({ value }) => JSON.parse(String(value)) as ValueList[])
    .filter(({ plugin, type }) => plugin === 'cpu' && type === 'percent')
    .map(({ values, time, host }) => ({
      timeMs: Math.round(time * 1_000),
      cpu: values[0] ?? Number.NaN,
      series: host,
    }))
