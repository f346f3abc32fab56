import { expect, it } from 'vitest'
import { terminalWidth } from './width.ts'

it.each([
  [40, 40],
  [0, 80],
  [undefined, 80],
])('a terminal that reports %s columns has %i', (columns, expected) => {
  expect(terminalWidth({ columns })).toBe(expected)
})
