import { describe, expect, it } from 'vitest'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { jsonLine } from '../terminal/text.ts'
import { formatRawRecord, rawRecordJson } from './raw-record.ts'

const record = (change: Partial<TopicRecord> = {}): TopicRecord => ({
  partition: 1,
  offset: 42n,
  timestampMs: Date.UTC(2026, 0, 31, 8),
  key: Buffer.from('host-1'),
  value: Buffer.from('1509009792670,13.64'),
  ...change,
})

describe('formatRawRecord', () => {
  it('shows partition, offset, time, key and value', () => {
    expect(formatRawRecord(record())).toBe('1  42  2026-01-31T08:00:00.000Z  host-1  1509009792670,13.64')
  })

  it.each<[string, Partial<TopicRecord>, string]>([
    ['no key', { key: null }, 'Z  null  1509009792670,13.64'],
    ['no value, which deletes a key', { value: null }, '  host-1  null'],
    ['bytes that are not UTF-8', { value: Buffer.from([0xff, 0x00]) }, '  base64:/wA='],
    ['an escape sequence that sets a title', { value: Buffer.from('\u001b]0;x\u0007') }, '  \\x1b]0;x\\x07'],
    ['text that runs right to left', { key: Buffer.from('a\u202eb') }, '  a\\u202eb  '],
    [
      'a carriage return, a line feed and a C1 control',
      { value: Buffer.from('a\rb\nc\u009b2J') },
      '  a\\rb\\nc\\x9b2J',
    ],
  ])('shows %s on one safe line', (_, change, expected) => {
    expect(formatRawRecord(record(change))).toContain(expected)
  })

  it.each([-1, Number.MAX_SAFE_INTEGER, Number.NaN])('shows the timestamp %d as a number', (timestampMs) => {
    expect(formatRawRecord(record({ timestampMs }))).toContain(`42  ${timestampMs}  host-1`)
  })
})

describe('rawRecordJson', () => {
  it('keeps text and encodes other bytes as base64', () => {
    expect(rawRecordJson(record({ key: null, value: Buffer.from([0xff]) }))).toEqual({
      partition: 1,
      offset: 42,
      time: '2026-01-31T08:00:00.000Z',
      key: null,
      value: { base64: '/w==' },
    })
  })

  it('round-trips through a JSON line', () => {
    const line = jsonLine(rawRecordJson(record({ value: Buffer.from('\u001b[2J"\\\u202e') })))
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(line)).toMatchObject({ key: 'host-1', value: '\u001b[2J"\\\u202e' })
  })
})
