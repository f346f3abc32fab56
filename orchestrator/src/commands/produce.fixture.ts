import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from '../cli/command.fixture.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'

/** A moment of 2017, in epoch milliseconds. */
export const T = 1_509_009_792_000

/** A line whose time is so many milliseconds after `T`. */
export const sample = (afterMs: number, cpu: number | string = 1) => `${T + afterMs},${cpu}`

/** The path of a new file of these lines in the project folder. */
export async function csv({ folder }: TestContext, ...lines: readonly string[]): Promise<string> {
  const file = join(folder, 'cpu.csv')
  await writeFile(file, lines.join('\n'))
  return file
}

/** The values in the input topic. */
export const sent = ({ broker }: TestContext): string[] => broker.values('cpu-usage')

/** From now on a job reads the input topic, with this watermark and these totals. */
export function runJob(
  { runtime }: TestContext,
  { watermarkMs = 0, read = 0, late = 0, end = 0 } = {},
): void {
  runtime.driverNow = driverIn('running')
  const { files } = runtime.checkpoint
  files.set('cpu-anomaly-manifest.json', JSON.stringify({ INPUT_TOPIC: 'cpu-usage' }))
  files.set('cpu-anomaly-ledger.json', JSON.stringify({ batch: 0, read, dead_lettered: 0, late }))
  files.set('sources/0/0', '\0v1\n{"cpu-usage":{"0":0}}')
  files.set('offsets/0', `v1\n{"batchWatermarkMs":${watermarkMs}}\n{"cpu-usage":{"0":${end}}}`)
}
