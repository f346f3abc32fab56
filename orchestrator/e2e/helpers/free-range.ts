import { isPortFree } from '../../src/system/ports.ts'

/** The first port of a range of which these offsets are free. */
export async function freeRange(offsets: readonly number[]): Promise<number> {
  for (let base = 21_000; base < 29_000; base += 100) {
    const free = await Promise.all(offsets.map((offset) => isPortFree(base + offset)))
    if (free.every(Boolean)) return base
  }
  throw new Error('there is no free range of ports from 21000 to 29000')
}
