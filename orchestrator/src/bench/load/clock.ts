/** Epoch milliseconds with fractions, which never go back, even if the machine's clock is set. */
export type Clock = () => number

export function steadyClock(): Clock {
  const offsetMs = Date.now() - performance.now()
  return () => offsetMs + performance.now()
}
