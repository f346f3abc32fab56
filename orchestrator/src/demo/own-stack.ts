import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandContext } from '../cli/command.ts'
import { envLine } from '../config/env-lines.ts'
import type { Selected } from '../runtime/places.ts'
import { takeDown } from '../stack/down.ts'
import { withFolderLock } from '../storage/folder-lock.ts'
import { readStorageId } from '../storage/mark.ts'
import { freePorts } from '../system/ports.ts'
import type { Normal } from './normal.ts'

const STORAGE = 'storage-demo'

/** Settings of a stack apart from the folder's own: its own storage, free ports, and a job that is light. */
export async function demoSettings(runtime: string): Promise<string[]> {
  const [kafka, ui, masterUi] = await freePorts(3)
  return [
    `STORAGE_DIR=${STORAGE}`,
    `RUNTIME=${runtime}`,
    `KAFKA_PORT=${kafka}`,
    `SPARK_UI_PORT=${ui}`,
    `SPARK_MASTER_UI_PORT=${masterUi}`,
    'KAFKA_SERVERS=',
    'KAFKA_SECURITY_PROTOCOL=',
    'KAFKA_SASL_MECHANISM=PLAIN',
    ...['KAFKA_SSL_CA=', 'KAFKA_SSL_CERT=', 'KAFKA_SSL_KEY=', 'KAFKA_SSL_KEY_PASSWORD='],
    'ANOMALY_DIRECTION=high',
    'BASELINE_FILE=',
    'WINDOW_DURATION=1 second',
    // Of the two modes, the one that leaves more of two cores idle, so that a burst stands out. It has a task per core.
    'TRIGGER=real-time',
    'SPARK_CORES=3',
    'INPUT_PARTITIONS=1',
    'SHUFFLE_PARTITIONS=',
    'WATERMARK_DELAY=10 seconds',
    'MAX_FUTURE_SKEW=5 minutes',
    'GROUP_BY=none',
    'INPUT_FORMAT=csv',
    'INPUT_TIME=',
    'INPUT_TIME_UNIT=ms',
    'INPUT_CPU=',
    'INPUT_CPU_UNIT=percent',
    'INPUT_SERIES=key',
    'STARTING_OFFSETS=earliest',
  ]
}

/** Of the job that shows what is normal; it ends at a checkpoint, so they are not far apart. */
export const LEARNING_SETTINGS = ['CHECKPOINT_INTERVAL=10 seconds']

/**
 * Of the job that watches. A checkpoint takes all cores for two seconds, so it makes none before the end: the machine may
 * take two minutes to calm down.
 */
export const watchingSettings = ({ mean, stddev }: Normal): string[] => [
  `NORMAL_MEAN=${mean}`,
  `NORMAL_STDDEV=${stddev}`,
  'CHECKPOINT_INTERVAL=5 minutes',
]

/**
 * Stops and removes the stack of an earlier demo that was killed or kept.
 * @throws CliError LOCKED when that demo is still running.
 */
export async function removeEarlierDemo(context: CommandContext): Promise<void> {
  const earlier = await context.selectStarted()
  if (!earlier || !(await readStorageId(earlier.storage.root))) return
  await withFolderLock(earlier.storage, context.signal, async () => {
    context.output.note('An earlier demo is still here; removing it first.')
    await takeDown(earlier, true, context.output, context.signal)
    await removeStorage(earlier)
  })
}

/** Removes the storage folder, but only if it has our mark. */
export async function removeStorage({ storage }: Selected): Promise<void> {
  if (await readStorageId(storage.root)) await rm(storage.root, { recursive: true, force: true })
}

/** Writes the settings with which the other commands find a demo that was kept; returns the file's path. */
export async function writeSettingsFile(
  { storage, config }: Selected,
  overrides: readonly string[],
): Promise<string> {
  const file = join(storage.root, 'demo.env')
  const own = overrides.map((line) => line.replace(/^STORAGE_DIR=.*$/, `STORAGE_DIR=${storage.root}`))
  const keys = new Set(own.map((line) => line.split('=', 1)[0]))
  const given = config.resolved.filter(({ key, origin }) => origin !== 'default' && !keys.has(key))
  const kept = given.flatMap(({ key, value }) => envLine(key, value) ?? [])
  await writeFile(file, `${[...kept, ...own].join('\n').trim()}\n`, { mode: 0o600 })
  return file
}
