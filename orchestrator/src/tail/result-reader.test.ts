import { describe, expect, it } from 'vitest'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { resultAt } from './result.fixture.ts'
import { ResultReader } from './result-reader.ts'

describe('ResultReader', () => {
  const record = (offset: number, value: string | null): TopicRecord => ({
    partition: 0,
    offset: BigInt(offset),
    timestampMs: 0,
    key: null,
    value: value === null ? null : Buffer.from(value),
  })

  it('returns the results and warns of the first five records that are not results', () => {
    const lines: string[] = []
    const reader = new ResultReader((line) => void lines.push(line))
    const good = resultAt(0, 'WARN')
    const bad = Array.from({ length: 8 }, (_, index) => record(index + 1, 'not a result'))
    expect(reader.read([record(0, JSON.stringify(good)), ...bad, record(9, null)])).toEqual([good])
    expect(lines).toHaveLength(5)
    expect(lines[0]).toBe('the record at partition 0, offset 1 is not a result: it is not a JSON object')
    expect(lines[4]).toMatch(/offset 5 .*further ones are not reported/)
    expect(reader.read([record(10, 'not a result')])).toEqual([])
    expect(lines).toHaveLength(5)
  })
})
