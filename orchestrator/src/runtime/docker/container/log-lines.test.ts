import { expect, it } from 'vitest'
import { splitTime } from './log-lines.ts'

it.each([
  ['2026-01-02T03:04:05.000000006Z text of a line', '2026-01-02T03:04:05.000000006Z', 'text of a line'],
  ['2026-01-02T03:04:05Z  indented', '2026-01-02T03:04:05Z', ' indented'],
  ['2026-01-02T03:04:05Z ', '2026-01-02T03:04:05Z', ''],
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z', ''],
  ['2026-01-02T03:04:05Z a\u2028b\rc', '2026-01-02T03:04:05Z', 'a\u2028b\rc'],
  ['no time', '', 'no time'],
  ['', '', ''],
])('splits %j into its time and its text', (line, time, text) => {
  expect(splitTime(line)).toEqual({ time, text })
})
