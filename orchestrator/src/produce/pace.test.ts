import { describe, expect, it } from 'vitest'
import { dueLines, pace } from './pace.ts'

async function* once(lines: readonly number[]): AsyncGenerator<readonly number[]> {
  yield lines
}
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('dueLines', () => {
  it.each([
    [0, 1, 1],
    [999, 1, 1],
    [1_000, 1, 2],
    [250, 100, 26],
    [1, 1_000_000, 1_001],
  ])('after %i ms at %i per second is %i', (elapsedMs, rate, expected) => {
    expect(dueLines(elapsedMs, rate)).toBe(expected)
  })
})

describe('pace', () => {
  it('passes each line once, in order, no faster than the rate', async () => {
    const passed: number[] = []
    const startedAt = performance.now()
    for await (const some of pace(once(upTo(51)), 200, new AbortController().signal)) passed.push(...some)
    expect(passed).toEqual(upTo(51))
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(245)
  })

  it('passes a chunk on at once if the rate allows it', async () => {
    const sizes: number[] = []
    for await (const some of pace(once(upTo(10)), 1e9, new AbortController().signal)) sizes.push(some.length)
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10)
    expect(sizes.length).toBeLessThanOrEqual(2)
  })

  it('ends when the signal aborts during a wait', async () => {
    const controller = new AbortController()
    const passed: number[] = []
    for await (const some of pace(once(upTo(1_000)), 0.001, controller.signal)) {
      passed.push(...some)
      setImmediate(() => controller.abort())
    }
    expect(passed).toEqual([0])
  })
})
