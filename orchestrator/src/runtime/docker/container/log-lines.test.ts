import { expect, it } from 'vitest'
import { firstSecond, newLines, splitTime } from './log-lines.ts'

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

it.each([
  ['lines with later times', '2026-01-02T03:00:02Z', ['03:00:01', '03:00:02', '03:00:03'], ['03:00:03']],
  [
    'what follows it, after the clock was set back',
    '2026-01-02T03:00:02Z',
    ['03:00:01', '03:00:02', '02:00:00'],
    ['02:00:00'],
  ],
  [
    'later lines, if the log no longer has it',
    '2026-01-02T03:00:02Z',
    ['03:00:03', '02:00:00'],
    ['03:00:03', '02:00:00'],
  ],
])('reads on after a line: %s', (_, time, clocks, expected) => {
  const isNew = newLines({ time, startedAt: '2026-01-02T02:00:00Z' })
  expect(clocks.filter((clock) => isNew({ time: `2026-01-02T${clock}Z`, text: '' }))).toEqual(expected)
})

it('asks for the lines since the last start if the clock was set back behind the last line', () => {
  const last = { time: '1970-01-01T01:00:02Z', startedAt: '1970-01-01T00:00:30.9Z' }
  expect(firstSecond(last, 3_603_000)).toBe(3_602)
  expect(firstSecond(last, 31_000)).toBe(30)
})
