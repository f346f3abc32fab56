import { expect, it } from 'vitest'
import { isIdle, type StreamActivity } from './idle-watch.ts'

it.each<[StreamActivity, boolean]>([
  [{ inputIdleMs: 1_500, resultsIdleMs: 1_500, lag: 0 }, true],
  [{ inputIdleMs: 1_500, resultsIdleMs: 1_500, lag: undefined }, true],
  [{ inputIdleMs: 1_499, resultsIdleMs: 9_000, lag: 0 }, false],
  [{ inputIdleMs: 9_000, resultsIdleMs: 1_499, lag: 0 }, false],
  [{ inputIdleMs: 9_000, resultsIdleMs: 9_000, lag: 1 }, false],
])('a stream with %j is idle: %s', (activity, expected) => {
  expect(isIdle(activity, 1_500)).toBe(expected)
})
