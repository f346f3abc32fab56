import { expect, it } from 'vitest'
import { ratesInTurn } from './rounds.ts'

it('measures the variants in turn, and leaves out the warm-up', async () => {
  const measured: string[] = []
  const rates = await ratesInTurn(['a', 'b'], 2, async (variant, which) =>
    measured.push(`${variant}, ${which}`),
  )
  expect(measured).toEqual([
    'a, warm-up',
    'b, warm-up',
    'a, round 1 of 2',
    'b, round 1 of 2',
    'a, round 2 of 2',
    'b, round 2 of 2',
  ])
  expect([...rates]).toEqual([
    ['a', [3, 5]],
    ['b', [4, 6]],
  ])
})
