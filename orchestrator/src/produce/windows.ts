/** How the job judges the order of samples, in milliseconds. */
export interface WindowRule {
  readonly windowMs: number
  /** How much older than the newest window's start a window's start may be. */
  readonly toleranceMs: number
}

export const windowStart = (timeMs: number, windowMs: number): number =>
  Math.floor(timeMs / windowMs) * windowMs

/** Is a sample late once the job has read one of `newestMs`? It compares the starts of their windows. */
export function isLateAfter(
  newestMs: number,
  timeMs: number,
  { windowMs, toleranceMs }: WindowRule,
): boolean {
  // Most samples are newer, and spared the divisions.
  if (newestMs - timeMs <= toleranceMs - windowMs) return false
  return windowStart(timeMs, windowMs) <= windowStart(newestMs, windowMs) - toleranceMs
}
