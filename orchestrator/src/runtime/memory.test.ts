import { expect, it } from 'vitest'
import { containerLimitMb, megabytes } from './memory.ts'

it.each([
  ['1g', 1_024],
  ['512m', 512],
  ['1536m', 1_536],
])('%s are %i MB', (size, expected) => {
  expect(megabytes(size)).toBe(expected)
})

it.each([
  ['1g', 1_024 + 384 + 640],
  ['512m', 512 + 384 + 640],
  ['8g', 8_192 + 820 + 640],
])(
  'a container with a heap of %s gets %i MB: the rest of the JVM, and the processes beside it',
  (heap, expected) => {
    expect(containerLimitMb(heap)).toBe(expected)
  },
)
