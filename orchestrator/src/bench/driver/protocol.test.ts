import { expect, it } from 'vitest'
import { batchTimes, parseReply } from './protocol.ts'

it.each([
  '{"event":"loaded","topic":"t","samples":2,"records":2,"ms":3}',
  '{"event":"batch","batch":7,"timestamp":"2026-01-31T08:00:00.000Z","rows":5,"durations":{"addBatch":3},"state_ms":2}',
  '{"event":"batch","samples":5,"ms":3,"durations":{"addBatch":3}}',
  '{"event":"started"}',
  '{"event":"error","message":"no"}',
])('reads %s', (line) => {
  expect(parseReply(line)).toEqual(JSON.parse(line))
})

it.each(['', 'Welcome to', '{"event":"other"}', '{"event":"usage","cpu_ms":"1"}', 'null'])(
  'does not accept %j as a reply',
  (line) => {
    expect(parseReply(line)).toBeUndefined()
  },
)

it('counts offsets, write-ahead log and planning of a batch as planning', () => {
  const durations = { latestOffset: 5, queryPlanning: 20, walCommit: 15, addBatch: 90, triggerExecution: 140 }
  const timestamp = '2026-01-31T08:00:00.250Z'
  expect(batchTimes({ event: 'batch', batch: 1, timestamp, rows: 9, durations, state_ms: 30 })).toEqual([
    { startMs: Date.parse(timestamp), records: 9, planningMs: 40, stateMs: 30 },
  ])
  expect(batchTimes({ event: 'batch', samples: 1, ms: 2, durations })).toEqual([])
})
