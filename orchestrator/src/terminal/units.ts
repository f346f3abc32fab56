/** A count as people write it: `500 k`, `2 M`. */
export function formatCount(count: number): string {
  if (count >= 1_000_000) return `${shortened(count / 1_000_000)} M`
  if (count >= 10_000) return `${shortened(count / 1_000)} k`
  return count.toLocaleString('en')
}

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

export const formatPercent = (share: number): string =>
  Number.isFinite(share) ? `${Math.round(share * 100)} %` : '-'

const shortened = (number: number): string => String(Number(number.toFixed(1)))
