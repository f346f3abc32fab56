import { expect, it } from 'vitest'
import { linesOf } from './line.fixture.ts'
import { sortLines } from './sort-lines.ts'

it('puts lines in the order of their times, equal ones as they were, and other lines last', async () => {
  const source = linesOf(['1700000000002,1', 'n/a', '1700000000001,2'], ['1700000000001,3', 'empty'])
  const sorted: string[] = []
  for await (const some of sortLines(source)) sorted.push(...some.map(({ bytes }) => String(bytes)))
  expect(sorted).toEqual(['1700000000001,2', '1700000000001,3', '1700000000002,1', 'n/a', 'empty'])
})
