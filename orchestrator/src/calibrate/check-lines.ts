import { shownName } from '../terminal/text.ts'
import { formatCount, plural } from '../terminal/units.ts'
import type { Check } from './protocol.ts'

/** How far the job is: undefined where that is not known. */
export interface JobFacts {
  readonly late: number | undefined
  readonly unread: number | undefined
}

/** What `--check` found, in one line. */
export function checkText(check: Check): string {
  const { compared, differing } = check
  const counts = `${formatCount(check.said_warn)} WARN, ${formatCount(check.said_error)} ERROR`
  if (differing === 0) return `All ${formatCount(compared)} windows are as predicted: ${counts}`
  return `${formatCount(differing)} of ${plural(compared, 'window')} differ: predicted ${formatCount(check.predicted_warn)} WARN, ${formatCount(check.predicted_error)} ERROR, the job said ${counts}`
}

/** The first windows that differ, and what may be the reason. */
export function differenceLines(check: Check, { late, unread }: JobFacts): string[] {
  const lines = check.first.map(({ series, start_ms, predicted, said }) => {
    const time = start_ms === null ? 'a window' : new Date(start_ms).toISOString()
    const name = series === '' ? '' : ` ${shownName(series)}`
    return `${time}${name}: ${sideText('predicted', predicted)}, ${sideText('said', said)}`
  })
  const missing = check.predicted_samples - check.said_samples
  if (missing > 0)
    lines.push(`${plural(missing, 'sample')} fewer than predicted in the windows that the job has said`)
  if (late !== undefined)
    lines.push(`${plural(late, 'sample')} came late, so in no window; calibrate counts late samples too`)
  if (unread !== undefined && unread > 0)
    lines.push(`${plural(unread, 'record')} of the topic not yet read by the job: check again later`)
  return lines
}

const sideText = (side: string, value: Check['first'][number]['said']): string =>
  value === null
    ? `not ${side}`
    : `${side} ${value.status ?? 'nothing'} with ${plural(value.count ?? 0, 'sample')}, mean ${value.mean?.toFixed(4) ?? '-'}`
