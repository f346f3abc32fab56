import { type BaselineFile, readBaselineFile } from '../baseline/file.ts'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { BASELINE_FILE, type JobFile } from '../runtime/runtime.ts'

/** What `submit` hands over of BASELINE_FILE; undefined if there is none. */
interface SubmittedBaseline {
  readonly file: JobFile
  /** One line for a person: what the file holds, and its checksum. */
  readonly remark: string
}

/** @throws CliError CONFIGURATION when BASELINE_FILE is no baseline, or has nothing for the job's series. */
export async function submittedBaseline({ detector }: Config): Promise<SubmittedBaseline | undefined> {
  const { baselineFile: path, groupBy } = detector
  if (path === undefined) return undefined
  const baseline = await readBaselineFile(path)
  const series = new Set(baseline.normals.flatMap(({ series }) => series ?? [])).size
  const hasAll = baseline.normals.some((normal) => normal.series === null)
  if (groupBy === 'none' && !hasAll)
    throw new CliError(
      'CONFIGURATION',
      `${path} has normals only for ${count(series, 'series')}, but with GROUP_BY=none no window is of one of them`,
      { hint: 'Set GROUP_BY=key, or add a row without a series to the baseline.' },
    )
  return {
    file: { path: BASELINE_FILE, text: baseline.text },
    remark: remarkOf(path, baseline, series, groupBy === 'none' && series > 0),
  }
}

function remarkOf(path: string, baseline: BaselineFile, series: number, ignoresSeries: boolean): string {
  const { normals, timezone, sha256 } = baseline
  const of = ignoresSeries
    ? ', of which only those for all series count (GROUP_BY=none)'
    : series > 0
      ? ` of ${count(series, 'series')}`
      : ' for all series'
  return `Baseline: ${count(normals.length, 'normals')}${of}, hours of ${timezone} (${path}, sha256 ${sha256})`
}

const count = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${number === 1 && noun === 'normals' ? 'normal' : noun}`
