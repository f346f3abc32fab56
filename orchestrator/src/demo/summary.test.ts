import { expect, it } from 'vitest'
import { windowEndMs } from '../anomaly/result.ts'
import { resultAt } from '../tail/result.fixture.ts'
import { LatestResults } from './latest-results.ts'
import { summaryTable } from './summary.ts'

it('says when the last result of a window came, also if that was before its end', () => {
  const results = new LatestResults()
  for (const [nth, afterMs] of [-30, -20, 40].entries()) {
    const result = resultAt(500 * nth, 'SAFE')
    results.add([result], windowEndMs(result) + afterMs)
    results.add([result], windowEndMs(result) + 10_000) // a repeat
  }
  const latencies = results.latencies({ fromMs: 0, untilMs: Number.POSITIVE_INFINITY })
  expect(latencies).toEqual([-30, -20, 40])
  const verdict = { inside: [], missed: [], outside: [], falseAlarms: [] }
  const normal = { mean: 14.5, stddev: 2.7 }
  const table = summaryTable({
    normal,
    learnedFrom: 30,
    verdict,
    latencies,
    samplesSent: 3,
    samplesCounted: 3,
  })
  expect(table).toContain("median 20 ms before its window's end; 95 % by 40 ms after its window's end")
})
