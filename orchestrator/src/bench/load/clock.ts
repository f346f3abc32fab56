/** Epoch milliseconds with fractions that never go back, however the machine's clock is set meanwhile. */
export type Clock = () => number

export function steadyClock(): Clock {
  const offsetMs = Date.now() - performance.now()
  return () => offsetMs + performance.now()
}
