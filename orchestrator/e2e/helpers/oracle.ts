/**
 * The independent computation that the streaming results are held against: plain TypeScript over what the
 * broker acknowledged, sharing no code with the tool or the job.
 */
export interface Sample {
  readonly timeMs: number
  readonly cpu: number
  /** Empty unless results are grouped by key. */
  readonly series?: string
}

export interface ExpectedWindow {
  readonly series: string
  readonly startMs: number
  readonly count: number
  readonly mean: number
  readonly stddev: number | null
  readonly status: 'SAFE' | 'WARN' | 'ERROR'
}

export interface Normal {
  readonly mean: number
  readonly stddev: number
}

/** The windows by key (`<series>|<start ms>`), with two-pass mean and sample standard deviation. */
export function expectedWindows(
  samples: readonly Sample[],
  normal: Normal,
  windowMs = 500,
): Map<string, ExpectedWindow> {
  const groups = new Map<string, number[]>()
  for (const { timeMs, cpu, series = '' } of samples) {
    const key = `${series}|${Math.floor(timeMs / windowMs) * windowMs}`
    const group = groups.get(key)
    if (group) group.push(cpu)
    else groups.set(key, [cpu])
  }
  return new Map([...groups].map(([key, values]) => [key, summarize(key, values, normal)]))
}

function summarize(key: string, values: readonly number[], normal: Normal): ExpectedWindow {
  const count = values.length
  const mean = sum(values) / count
  const squares = sum(values.map((value) => (value - mean) ** 2))
  const separator = key.lastIndexOf('|')
  return {
    series: key.slice(0, separator),
    startMs: Number(key.slice(separator + 1)),
    count,
    mean,
    stddev: count > 1 ? Math.sqrt(squares / (count - 1)) : null,
    status: classify(mean, normal),
  }
}

function classify(mean: number, normal: Normal): ExpectedWindow['status'] {
  const distance = mean - normal.mean
  if (distance > 2 * normal.stddev) return 'ERROR'
  return distance > normal.stddev ? 'WARN' : 'SAFE'
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
