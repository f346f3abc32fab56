import { shownName } from '../terminal/text.ts'
import type { LateDetails } from './progress.ts'

/** Which samples were late, and of which series. A single series has no name, so there is nothing to list. */
export function lateText({ first, last, series, other }: LateDetails): string {
  const named = series.filter(({ series: name }) => name !== '' || series.length > 1)
  const counts = [
    ...named.map(
      ({ series: name, samples }) => `${shownName(name) || '(no key)'} ${samples.toLocaleString('en')}`,
    ),
    ...(other > 0 ? [`other series ${other.toLocaleString('en')}`] : []),
  ]
  return `late samples are from ${first} to ${last}${counts.length > 0 ? `: ${counts.join(', ')}` : ''}`
}
