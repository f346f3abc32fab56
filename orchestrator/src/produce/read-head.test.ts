import { describe, expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { type HeadLimits, readHead } from './read-head.ts'

vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const limits: HeadLimits = { maxBytes: 1_000, isEnough: (lines) => lines.length > 0 }

/** Lines, and pauses of so many milliseconds between them. */
async function* source(...items: readonly (string | number)[]): AsyncGenerator<Buffer[]> {
  for (const item of items)
    if (typeof item === 'string') yield [Buffer.from(item)]
    else await new Promise((resolve) => setTimeout(resolve, item))
}

async function textOf(lines: AsyncIterable<readonly Buffer[]>): Promise<string> {
  const all: string[] = []
  for await (const some of lines) all.push(...some.map(String))
  return all.join(' ')
}

const read = async (items: readonly (string | number)[], more: Partial<HeadLimits>) => {
  const { head, isComplete, all } = await readHead(source(...items), { ...limits, ...more })
  return [head.join(' '), isComplete, await textOf(all)]
}

describe('readHead', () => {
  it('reads a stream that ends in time to its end', async () => {
    expect(await read(['a', 'b'], { withinMs: 250 })).toEqual(['a b', true, 'a b'])
    expect(await read([], { withinMs: 250 })).toEqual(['', true, ''])
  })

  it('ends a while after the first lines, although more arrive', async () => {
    useVirtualTime()
    const items = [9_000, 'a', 200, 'b', 200, 'c', 200, 'd']
    expect(await read(items, { withinMs: 250 })).toEqual(['a b', false, 'a b c d'])
  })

  it('ends at the first pause', async () => {
    useVirtualTime()
    const items = [9_000, 'a', 900, 'b', 1_100, 'c']
    expect(await read(items, { idleMs: 1_000 })).toEqual(['a b', false, 'a b c'])
  })

  it('goes on, however long it takes, until it is enough', async () => {
    useVirtualTime()
    const isEnough = (lines: readonly Buffer[]) => String(lines) === 'b'
    expect(await read(['a', 5_000, 'b', 5_000, 'c'], { withinMs: 250, isEnough })).toEqual([
      'a b',
      false,
      'a b c',
    ])
  })

  it('asks once, a while after the first lines, whether to end', async () => {
    useVirtualTime()
    const items = ['a', 400, 'b', 400, 'c', 400, 'd']
    for (const [answer, expected] of [
      [true, ['a b c', false, 'a b c d']],
      [false, ['a b c d', true, 'a b c d']],
    ] as const) {
      const asked: unknown[] = []
      const onLong = (head: readonly Buffer[], elapsedMs: number) => {
        asked.push([head.join(' '), elapsedMs])
        return answer
      }
      expect(await read(items, { idleMs: 500, longMs: 1_000, onLong })).toEqual(expected)
      expect(asked).toEqual([['a b c', 1_000]])
    }
  })

  it('ends once it is large, or refuses a stream that must be known as a whole', async () => {
    expect(await read(['a', 'b', 'c'], { maxBytes: 1 })).toEqual(['a b', false, 'a b c'])
    await expect(read(['a', 'b', 'c'], { maxBytes: 1, whyWhole: '--sort' })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('--sort'),
    })
  })

  it('passes on an error of the stream, also one after the head', async () => {
    const failing = (async function* () {
      yield [Buffer.from('a')]
      throw new Error('not CSV')
    })()
    const { all } = await readHead(failing, { ...limits, maxBytes: 0 })
    await expect(textOf(all)).rejects.toThrow('not CSV')
  })
})
