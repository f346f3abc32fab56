import { beforeEach, describe, expect, it } from 'vitest'
import { jobNow } from '../query/job-now.ts'
import { at, driverIn, FakeRuntime } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { JobWatch, jobTexts } from './job-watch.ts'
import { LatestJob } from './latest-job.ts'

const NOW = Date.parse(at(62))

describe('jobTexts', () => {
  it.each([
    ['running', []],
    ['orphaned', []],
    ['stopped', ['the job is stopped']],
    ['backing-off', ['the job failed and will be restarted']],
    ['gave-up', ['the job gave up after repeated failures']],
    [undefined, ['no job runs']],
  ] as const)('of a job that is %s are %j', (state, expected) => {
    expect(jobTexts({ state, late: 0, lastReadMs: undefined }, undefined, NOW)).toEqual(expected)
  })
})

it('a job that has read something and is gone was stopped', () => {
  expect(jobTexts({ state: undefined, late: 0, lastReadMs: NOW - 1_000 }, undefined, NOW)).toEqual([
    'the job is stopped',
  ])
})

describe('JobWatch', () => {
  let runtime: FakeRuntime
  let reports: string[]
  let watch: JobWatch

  beforeEach(() => {
    useVirtualTime()
    runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    reports = []
    const { signal } = new AbortController()
    const job = new LatestJob(() => jobNow(runtime, 'cpu-usage', signal))
    watch = new JobWatch(job, signal, (line) => reports.push(line))
  })

  const afterChecks = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) {
      watch.facts(Date.now())
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
  const late = (samples: number) => {
    runtime.logLines.driver = [`${at(1)} progress batch=1 input_rows=9 late=${samples}`]
  }

  it('reports nothing while the job runs', async () => {
    await afterChecks(10)
    expect(reports).toEqual([])
    expect(watch.facts(Date.now())).toEqual({ state: 'running', late: 0, lastReadMs: undefined })
  })

  it('reports each change once', async () => {
    runtime.driverNow = undefined
    await afterChecks(5)
    runtime.driverNow = driverIn('running')
    await afterChecks(5)
    expect(reports).toEqual([expect.stringContaining('no job runs'), 'the job runs again'])
  })

  it('names the series that lost samples, and their times', async () => {
    const series = JSON.stringify(JSON.stringify([['web', 2]]))
    const fields = `late_first=${at(0)} late_last=${at(1)} late_series=${series} late_other=1`
    runtime.logLines.driver = [`${at(1)} progress batch=1 input_rows=9 late=3 ${fields}`]
    await afterChecks(2)
    expect(reports).toEqual([
      `3 late: so many samples came too late to be in any window; late samples are from ${at(0)} to ${at(1)}: web 2, other series 1`,
    ])
  })

  it('reports late samples, and further ones half a minute later', async () => {
    late(3)
    await afterChecks(5)
    late(10_000)
    await afterChecks(5)
    expect(reports).toEqual([expect.stringContaining('3 late')])
    await afterChecks(30)
    expect(reports).toEqual([expect.stringContaining('3 late'), expect.stringContaining('10,000 late')])
    expect(watch.facts(Date.now())).toMatchObject({ late: 10_000, lastReadMs: Date.parse(at(1)) })
  })

  describe('of a job with a new checkpoint', () => {
    const begun = (second: number) => `${at(second)} started resumed_from_batch=`
    const driver = (...lines: readonly string[]) => {
      runtime.logLines.driver = [...lines]
    }

    it('reports it once, and counts late samples from there', async () => {
      driver(begun(1), `${at(2)} progress batch=1 input_rows=9 late=10000`)
      await afterChecks(31)
      expect(watch.takeNewCheckpoint()).toBe(false)
      driver(begun(1), begun(3), `${at(4)} progress batch=0 input_rows=9 late=9000`)
      await afterChecks(2)
      expect([watch.takeNewCheckpoint(), watch.takeNewCheckpoint()]).toEqual([true, false])
      await afterChecks(31)
      expect(reports).toEqual([
        expect.stringContaining('10,000 late'),
        expect.stringContaining('empty checkpoint'),
        expect.stringContaining('9,000 late'),
      ])
    })

    it('is not deceived by a log that no longer shows where the checkpoint began', async () => {
      for (const lines of [[begun(1)], [`${at(2)} progress batch=1`], [begun(1)]]) {
        driver(...lines)
        await afterChecks(2)
      }
      expect([watch.takeNewCheckpoint(), reports]).toEqual([false, []])
    })

    it('notices one that begins after a log without any', async () => {
      driver()
      await afterChecks(2)
      driver(begun(3))
      await afterChecks(2)
      expect(watch.takeNewCheckpoint()).toBe(true)
    })
  })

  it('goes on after a check that failed', async () => {
    runtime.logFailure = new Error('EACCES')
    await afterChecks(3)
    expect(watch.facts(Date.now())).toBeUndefined()
    runtime.logFailure = undefined
    await afterChecks(3)
    expect(watch.facts(Date.now())).toMatchObject({ state: 'running' })
  })
})
