/** A count as people write it: `500 k`, `2 M`. */
export function formatCount(count: number): string {
  if (count >= 1_000_000) return `${shortened(count / 1_000_000)} M`
  if (count >= 10_000) return `${shortened(count / 1_000)} k`
  return count.toLocaleString('en')
}

/** `1 sample`, `2 samples`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** The rate per second of `samples` in `ms` milliseconds. */
export function formatRate(samples: number, ms: number): string {
  const rate = ms > 0 ? (samples / ms) * 1_000 : 0
  if (rate >= 1_000_000) return `${(rate / 1_000_000).toFixed(2)} M/s`
  if (rate >= 10_000) return `${Math.round(rate / 1_000)} k/s`
  return `${Math.round(rate).toLocaleString('en')}/s`
}

/** Milliseconds, with one decimal below ten. */
export const formatMs = (ms: number): string =>
  Number.isFinite(ms) ? (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')) : '-'

/** Milliseconds as seconds: `0.5 s`, `60 s`. */
export const formatSeconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

export const formatMegabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en')} MB`

export const formatKilobytes = (bytes: number): string => `${Math.round(bytes / 1e3).toLocaleString('en')} kB`

export const formatPercent = (share: number): string =>
  Number.isFinite(share) ? `${Math.round(share * 100)} %` : '-'

const shortened = (number: number): string => String(Number(number.toFixed(1)))

/** A span in the largest unit that it fills: `850 ms`, `12 s`, `4 min 59 s`, `3 h 10 min`, `12 days`. */
export function formatTimeSpan(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (Math.abs(ms) < 1_000) return `${Math.round(ms)} ms`
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return joined(seconds, 60, 'min', 's')
  if (seconds < 2 * 86_400) return joined(Math.round(seconds / 60), 60, 'h', 'min')
  return `${Math.round(seconds / 86_400).toLocaleString('en')} days`
}

function joined(total: number, size: number, large: string, small: string): string {
  const rest = total % size
  return `${Math.floor(total / size)} ${large}${rest > 0 ? ` ${rest} ${small}` : ''}`
}
