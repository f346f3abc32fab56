import { isPortFree } from '../../src/system/ports.ts'

const RANGES = 80
const SIZE = 100
const FIRST = 21_000

/** The first port of a range of which these offsets are free. Tests that run at the same time look in different places. */
export async function freeRange(offsets: readonly number[]): Promise<number> {
  for (let nth = 0; nth < RANGES; nth += 1) {
    const base = FIRST + ((process.pid + nth) % RANGES) * SIZE
    const free = await Promise.all(offsets.map((offset) => isPortFree(base + offset)))
    if (free.every(Boolean)) return base
  }
  throw new Error(`there is no free range of ports from ${FIRST} to ${FIRST + RANGES * SIZE}`)
}
