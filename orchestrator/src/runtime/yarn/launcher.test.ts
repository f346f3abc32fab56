import { expect, it } from 'vitest'
import { exceptionIn } from './launcher.ts'

it.each([
  [
    'INFO x\nException in thread "main" java.lang.IllegalArgumentException: too much: 4 GB\n\tat a.B.c(B.scala:1)\n',
    'too much: 4 GB',
  ],
  ['Exception in thread "main" org.apache.Odd\n\tat a.B', 'org.apache.Odd'],
  ['INFO all is well\n', undefined],
])('of a log of spark-submit, the exception that ended it: %j', (log, expected) =>
  expect(exceptionIn(log)).toBe(expected),
)
