/**
 * Measures the variants in turn, so that all see the same machine: once to warm up, then `rounds` times. Returns the
 * rates of each variant, without those of the warm-up.
 */
export async function ratesInTurn<V>(
  variants: readonly V[],
  rounds: number,
  rateOf: (variant: V, which: string) => Promise<number>,
): Promise<Map<V, number[]>> {
  const rates = new Map<V, number[]>(variants.map((variant) => [variant, []]))
  for (let round = 0; round <= rounds; round += 1)
    for (const variant of variants) {
      const rate = await rateOf(variant, round === 0 ? 'warm-up' : `round ${round} of ${rounds}`)
      if (round > 0) rates.get(variant)?.push(rate)
    }
  return rates
}
