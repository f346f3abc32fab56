import { join } from 'node:path'
import { packageRoot } from '../../package/root.ts'
import type { ShellEnvironment } from '../../system/child-environment.ts'
import { LOOPBACK_OPTION } from '../loopback.ts'

/** JVM options as the value of one Spark property, which Spark splits at spaces outside quotes. */
export const asProperty = (options: readonly string[]): string =>
  options.map((option) => (/^[\w./:=+%,-]+$/.test(option) ? option : JSON.stringify(option))).join(' ')

/** Java does not read TMPDIR. RocksDB and the codecs map their native libraries from there: /tmp may be `noexec`. */
export const tmpOptions = ({ TMPDIR }: ShellEnvironment): string[] =>
  TMPDIR ? [`-Djava.io.tmpdir=${TMPDIR}`] : []

/** macOS gives Java the language of its own settings, whatever LC_ALL is; Java 17 takes the encoding from there too. */
export const localeOptions: readonly string[] = [
  '-Duser.language=en',
  '-Duser.country=US',
  '-Dfile.encoding=UTF-8',
]

/**
 * A file as a URI that Java parses too, unlike one of Node with a `[`. Without commas, which separate Log4j's files, and
 * without quotes, which Spark would take for its own.
 */
export const fileUri = (path: string): string =>
  `file://${path
    .split('/')
    .map((name) => encodeURIComponent(name).replace(/'/g, '%27'))
    .join('/')}`

export const log4jOption = (file: string): string => `-Dlog4j2.configurationFile=${fileUri(file)}`

export const driverJavaOptions: readonly string[] = [
  ...localeOptions,
  LOOPBACK_OPTION,
  log4jOption(join(packageRoot, 'infra', 'spark', 'log4j2.properties')),
  // On few cores it needs less memory than G1 for the same work, and its pauses are short with a heap of this size.
  '-XX:+UseParallelGC',
  // Higher thresholds than the defaults: early on, the optimizing compiler would take a core away from the job.
  '-XX:Tier4InvocationThreshold=30000',
  '-XX:Tier4MinInvocationThreshold=20000',
  '-XX:Tier4CompileThreshold=60000',
  '-XX:Tier4BackEdgeThreshold=200000',
]
