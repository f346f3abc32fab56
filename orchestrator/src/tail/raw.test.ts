import { describe, expect, it } from 'vitest'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { jsonLine } from '../terminal/text.ts'
import { formatRaw, rawJson } from './raw.ts'

const record = (change: Partial<TopicRecord> = {}): TopicRecord => ({
  partition: 1,
  offset: 42n,
  timestampMs: Date.UTC(2026, 0, 31, 8),
  key: Buffer.from('host-1'),
  value: Buffer.from('1509009792670,13.64'),
  ...change,
})

describe('formatRaw', () => {
  it('shows partition, offset, time, key and value', () => {
    expect(formatRaw(record())).toBe('1  42  2026-01-31T08:00:00.000Z  host-1  1509009792670,13.64')
  })

  it.each<[string, Partial<TopicRecord>, string]>([
    ['no key', { key: null }, 'Z  null  1509009792670,13.64'],
    ['no value, as deletes a key', { value: null }, '  host-1  null'],
    ['bytes that are not UTF-8', { value: Buffer.from([0xff, 0x00]) }, '  base64:/wA='],
    ['a title for the terminal', { value: Buffer.from('\u001b]0;x\u0007') }, '  \\x1b]0;x\\x07'],
    ['text that runs backwards', { key: Buffer.from('a\u202eb') }, '  a\\u202eb  '],
    ['a carriage return, a line feed, C1', { value: Buffer.from('a\rb\nc\u009b2J') }, '  a\\rb\\nc\\x9b2J'],
  ])('shows %s on one safe line', (_, change, expected) => {
    expect(formatRaw(record(change))).toContain(expected)
  })

  it.each([-1, Number.MAX_SAFE_INTEGER, Number.NaN])('shows a time of %d as it is', (timestampMs) => {
    expect(formatRaw(record({ timestampMs }))).toContain(`42  ${timestampMs}  host-1`)
  })
})

describe('rawJson', () => {
  it('gives the text, or the bytes that are none as base64', () => {
    expect(rawJson(record({ key: null, value: Buffer.from([0xff]) }))).toEqual({
      partition: 1,
      offset: 42,
      time: '2026-01-31T08:00:00.000Z',
      key: null,
      value: { base64: '/w==' },
    })
  })

  it('comes back from its line as it was', () => {
    const line = jsonLine(rawJson(record({ value: Buffer.from('\u001b[2J"\\\u202e') })))
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(line)).toMatchObject({ key: 'host-1', value: '\u001b[2J"\\\u202e' })
  })
})
