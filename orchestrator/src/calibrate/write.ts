import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { writeBaseline } from '../baseline/file.ts'
import type { Config } from '../config/config.ts'
import { requireEnvCounts, setInEnv } from '../config/env-edit.ts'
import { CliError } from '../errors.ts'
import type { Method, Normal, Request } from './protocol.ts'

const PAIR_KEYS = ['NORMAL_MEAN', 'NORMAL_STDDEV'] as const
const NEW_BASELINE = 'baseline.csv'

type Grouping = Pick<Request, 'by_key' | 'by_hour' | 'timezone'>
const isByGroup = ({ by_key, by_hour }: Grouping) => by_key || by_hour

export interface Written {
  readonly file: string
  /** In words, one line each. */
  readonly lines: readonly string[]
}

/**
 * What `--write` needs, before anything is read.
 * @throws CliError CONFIGURATION when what is written would not count; FILE_EXISTS for a file that may be something else.
 */
export function requireWritable(config: Config, grouping: Grouping): void {
  const isNamed = config.detector.baselineFile !== undefined
  if (!isByGroup(grouping)) requireEnvCounts(config, PAIR_KEYS)
  if (!isByGroup(grouping) || isNamed) return
  requireEnvCounts(config, ['BASELINE_FILE'])
  const file = join(config.folder, NEW_BASELINE)
  if (existsSync(file))
    throw new CliError('FILE_EXISTS', `${file} already exists, but BASELINE_FILE does not name it`, {
      hint: `Set BASELINE_FILE=${NEW_BASELINE} to replace it, or name another file.`,
    })
}

/** Writes the pair into `.env`, or those of the groups into the baseline. */
export function write(
  config: Config,
  normals: readonly Normal[],
  method: Method,
  grouping: Grouping,
): Promise<Written> {
  return isByGroup(grouping)
    ? writeGroups(config, normals, method, grouping.timezone)
    : writePair(config, normals, method)
}

async function writePair(config: Config, [overall]: readonly Normal[], method: Method): Promise<Written> {
  const { mean, stddev } = overall?.pairs[method] ?? { mean: Number.NaN, stddev: Number.NaN }
  const values = { NORMAL_MEAN: String(mean), NORMAL_STDDEV: String(stddev) }
  const changes = await setInEnv(config.folder, values, config)
  return {
    file: join(config.folder, '.env'),
    lines: changes.map(({ key, from, to }) => `.env: ${key} ${from} -> ${to}`),
  }
}

/** @throws CliError USAGE when no group has enough data. */
async function writeGroups(
  config: Config,
  normals: readonly Normal[],
  method: Method,
  timezone: string,
): Promise<Written> {
  const rows = normals
    .filter(({ series, hour }) => series !== null || hour !== null)
    // In the file, no name means all series; records without a key keep NORMAL_MEAN and NORMAL_STDDEV.
    .filter(({ is_enough, series }) => is_enough && series !== '')
    .map(({ series, hour, pairs }) => {
      const { mean, stddev } = pairs[method]
      return { series, hourOfWeek: hour, mean, stddev }
    })
  if (rows.length === 0)
    throw new CliError('USAGE', 'nothing was written: no group has 30 windows', {
      hint: 'Collect more samples, or leave out one of --by.',
    })
  const named = config.detector.baselineFile
  const file = named ?? join(config.folder, NEW_BASELINE)
  await writeBaseline(file, { timezone, normals: rows })
  if (named === undefined) await setInEnv(config.folder, { BASELINE_FILE: NEW_BASELINE }, config)
  return {
    file,
    lines: [
      `${file}: ${rows.length.toLocaleString('en')} pairs, hours of ${timezone}`,
      ...(named === undefined ? [`.env: BASELINE_FILE ${NEW_BASELINE}`] : []),
    ],
  }
}
