import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { expectAccounted, expectOrderly, expectWindows, lastValues } from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { modesOr } from './helpers/modes.ts'
import type { Normal, Sample } from './helpers/oracle.ts'
import { toLine } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'

/** Tuesday 23:00 UTC, which is Wednesday 00:00 in Berlin. */
const MIDNIGHT_MS = Date.parse('2023-11-14T23:00:00Z')
const TUESDAY_23 = 47
const WEDNESDAY_0 = 48

const BASELINE = `# cpu-anomaly baseline 1, timezone=Europe/Berlin
series,hour_of_week,mean,stddev
calm,,10,2
busy,${TUESDAY_23},70,4
busy,${WEDNESDAY_0},40,4
`
const SETTINGS: Normal = { mean: 14.5, stddev: 2.7, source: 'settings' }

function normalOf(series: string, startMs: number): Normal {
  if (series === 'calm') return { mean: 10, stddev: 2, source: 'series' }
  return series === 'busy' ? { mean: startMs < MIDNIGHT_MS ? 70 : 40, stddev: 4, source: 'hour' } : SETTINGS
}

/** The same load of each host before and after midnight, so that the busy one is an anomaly only after it. */
const samples: readonly Sample[] = Array.from({ length: 400 }, (_, nth) => nth).flatMap((nth) => {
  const timeMs = MIDNIGHT_MS + (nth - 200) * 25
  const swing = (nth % 7) - 3
  return [
    { series: 'calm', timeMs, cpu: 10 + swing / 2 },
    { series: 'busy', timeMs, cpu: 70 + swing },
    { series: 'new', timeMs, cpu: 15 + swing },
  ]
})
const records = samples.map((sample) => ({ key: sample.series ?? '', value: Buffer.from(toLine(sample)) }))
const windows = (series: string) =>
  new Set(samples.filter((sample) => sample.series === series).map(({ timeMs }) => Math.floor(timeMs / 500)))
    .size

describe('a baseline', () => {
  const shared = new SharedStack('local', { GROUP_BY: 'key', CHECKPOINT_INTERVAL: '5 seconds' })

  it.each(modesOr('real-time'))(
    'gives each host and hour its own normal in %s mode, and counts what it has none for',
    async (mode) => {
      const stack = await shared.forTest({ TRIGGER: mode, BASELINE_FILE: 'baseline.csv' })
      await writeFile(join(stack.folder, 'baseline.csv'), BASELINE)
      const { stderr } = await stack.cli(['submit', '--new-checkpoint'])
      expect(stderr).toContain('Baseline: 3 normals of 2 series, hours of Europe/Berlin')
      await send(stack.broker, stack.topics.input, records)
      // Only the driver's log counts what has no baseline. It has a batch later than the ledger, which `status` reads first.
      const status = await stack.untilStatus(
        'every line, in the log of the driver',
        ({ progress }) => progress?.read === records.length && progress.withoutBaseline !== undefined,
      )
      const results = await lastValues(stack)
      expectWindows(results, samples, 500, normalOf)
      const statuses = (from: number, to: number) =>
        new Set(
          [...results.values()]
            .filter(({ series, window }) => series === 'busy' && inside(window.start, from, to))
            .map((result) => result.status),
        )
      expect(statuses(-Infinity, MIDNIGHT_MS)).toEqual(new Set(['SAFE']))
      expect(statuses(MIDNIGHT_MS, Infinity)).toEqual(new Set(['ERROR']))
      expect(status.progress?.withoutBaseline).toBeGreaterThanOrEqual(windows('new'))
      expect(await stack.ok('status')).toContain('not in the baseline, held against the settings: ')
      await expectAccounted(stack, status, records.length)
      await expectOrderly(stack, mode, 0)
    },
  )

  it('is refused before anything starts if its file is wrong, or not there', async () => {
    const stack = await shared.forTest({ BASELINE_FILE: 'nothing.csv' })
    const missing = await stack.cli(['submit'])
    expect(missing.exitCode).toBe(2)
    expect(missing.stderr).toContain('nothing.csv cannot be read: there is no such file')
    await writeFile(join(stack.folder, 'nothing.csv'), BASELINE.replace(`busy,${TUESDAY_23}`, 'busy,Tuesday'))
    const wrong = await stack.cli(['submit', '--dry-run'])
    expect(wrong.exitCode).toBe(2)
    expect(wrong.stderr).toContain('line 4, hour_of_week=Tuesday: not an hour of the week')
  })
})

const inside = (start: string, from: number, to: number): boolean =>
  Date.parse(start) >= from && Date.parse(start) < to
