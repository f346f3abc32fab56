import { describe, expect, it } from 'vitest'
import { parseDriverEvent } from './driver-log.ts'
import { standstillOf, standstillText } from './standstill.ts'

const eventsOf = (...lines: string[]) =>
  lines.flatMap((line) => parseDriverEvent(`2026-01-01T00:00:00.000Z ${line}`) ?? [])

describe('standstillOf', () => {
  it('returns what the driver logged last', () => {
    const events = eventsOf(
      'progress batch=3',
      'standstill seconds=60 unread=5',
      'standstill seconds=120 unread=1500',
    )
    expect(standstillOf(events)).toEqual({ seconds: 120, unread: 1_500 })
  })

  it.each(['progress batch=4', 'started pid=7'])('is over after %s', (line) => {
    expect(standstillOf(eventsOf('standstill seconds=60 unread=5', line))).toBeUndefined()
  })

  it('is undefined without such a line', () => {
    expect(standstillOf(eventsOf('progress batch=3', 'late batch=3 samples=2'))).toBeUndefined()
  })
})

describe('standstillText', () => {
  it('names how long and how many', () => {
    expect(standstillText({ seconds: 120, unread: 1_500 })).toMatch(/for 120 s, and 1,500 records are unread/)
  })
})
