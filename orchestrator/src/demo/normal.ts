import { median } from '../statistics.ts'

/** `NORMAL_MEAN` and `NORMAL_STDDEV`, percent. */
export interface Normal {
  readonly mean: number
  readonly stddev: number
}

/** Percent. Less is not worth a person's attention on a machine that has other work too. */
const MIN_DEVIATION = 25
/** 1 / the 75 % quantile of the standard normal distribution: makes the median absolute deviation one of sigma. */
const MAD_TO_SIGMA = 1.4826

/** The robust pair of `calibrate`, of window means instead of samples. */
export function normalOf(means: readonly number[]): Normal {
  const mean = median(means)
  const spread = MAD_TO_SIGMA * median(means.map((value) => Math.abs(value - mean)))
  return { mean: round(mean), stddev: round(Math.max(spread, MIN_DEVIATION)) }
}

const round = (percent: number): number => Math.round(percent * 100) / 100
