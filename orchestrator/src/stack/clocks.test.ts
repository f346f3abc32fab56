import { describe, expect, it } from 'vitest'
import { clockTroubles } from './clocks.ts'

const NOW = Date.parse('2026-01-01T00:00:00Z')
const record = (arrivedMs: number, sampleMs: number, key = 'rack-7') => ({
  timestampMs: arrivedMs,
  key: Buffer.from(key),
  value: Buffer.from(`${sampleMs},1`),
})
const letter = (arrivedMs: number, sampleMs: number, reason = 'future') => ({
  value: Buffer.from(
    JSON.stringify({ reason, timestamp: new Date(arrivedMs).toISOString(), value: `${sampleMs},1` }),
  ),
})

describe('clockTroubles', () => {
  it('finds none in samples that are older than their arrival', () => {
    expect(
      clockTroubles([record(NOW - 100, NOW - 300), record(NOW - 5, 1_509_009_792_000)], [], NOW, false),
    ).toEqual([])
    expect(clockTroubles([], [], NOW, false)).toEqual([])
  })

  it("finds that this machine's clock is behind", () => {
    expect(clockTroubles([record(NOW + 60_000, NOW)], [], NOW, false)).toEqual([
      expect.stringMatching(/1 min behind the broker/),
    ])
  })

  it('names the producer whose clock is ahead', () => {
    const samples = [
      record(NOW - 500, NOW + 119_500, 'a\u001b[2J'),
      record(NOW - 900, NOW),
      record(NOW, NOW, 'b'),
    ]
    expect(clockTroubles(samples, [], NOW, false)).toEqual([
      expect.stringMatching(/key a\\x1b\[2J are 2 min ahead of the broker/),
    ])
  })

  it('counts dead letters from the future of the last hour', () => {
    const letters = [
      letter(NOW - 1_000, NOW + 599_000),
      letter(NOW - 4_000_000, NOW),
      letter(NOW, NOW + 5, 'empty'),
      { value: Buffer.from('x') },
    ]
    expect(clockTroubles([], letters, NOW, false)).toEqual([
      expect.stringMatching(/^1 of the last 4 dead letters .* up to 10 min ahead/),
    ])
  })

  it('says nothing about samples of yesterday', () => {
    expect(clockTroubles([record(NOW - 90_000_000, NOW - 80_000_000)], [], NOW, false)).toEqual([])
  })

  it("knows that a clock that is also the broker's was set back", () => {
    expect(clockTroubles([record(NOW + 60_000, NOW)], [], NOW, true)).toEqual([
      "this machine's clock was set back by at least 1 min since the last sample",
    ])
  })
})
