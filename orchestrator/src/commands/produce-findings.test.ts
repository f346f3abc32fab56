import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { submittedFile } from '../query/submitted.ts'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { standardInput } from '../terminal/stdin.fixture.ts'
import { csv, runJob, sample, sent, T } from './produce.fixture.ts'
import { run } from './produce.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))
vi.mock('../produce/cpu-times.ts', () => import('../produce/cpu-times.fixture.ts'))

let context: TestContext
beforeEach(async () => {
  context = await testContext()
  context.broker.createTopic('cpu-usage')
})

describe('what produce says before it sends', () => {
  it('does not send the header, and notes that', async () => {
    await run(context, [await csv(context, 'time_millis,cpu', sample(0))], {})
    expect(sent(context)).toEqual([sample(0)])
    expect(context.output.notes[0]).toContain('time_millis,cpu')
  })

  it('warns of lines that are not samples, and then sends them', async () => {
    context.broker.onRequest = (request) => {
      if (request === 'produce') expect(context.output.warnings).toHaveLength(1)
    }
    await run(context, [await csv(context, sample(0), `n/a\u001b[2J${'x'.repeat(80)}`, 'too')], {})
    expect(sent(context)).toHaveLength(3)
    expect(context.output.warnings).toEqual([expect.stringMatching(/\b2\b.*n\/a.*x1b\[2J/)])
    expect(context.output.warnings.join().includes('x'.repeat(61))).toBe(false)
  })

  it.each([
    ['seconds', '1509009792,10', '1509009852,11'],
    ['microseconds', '1509009792000000,10', '1509009852000000,11'],
  ])('converts times in %s, and says so', async (unit, ...lines) => {
    await run(context, [await csv(context, ...lines)], {})
    expect(sent(context)).toEqual([sample(0, 10), sample(60_000, 11)])
    expect(context.output.notes[0]).toContain(unit)
  })

  it.each([
    ['micro-batch', false],
    ['real-time', true],
  ] as const)('allows for the interval of a job in real-time mode: %s', async (trigger, isLetIn) => {
    const { storage, runtime } = await context.select()
    await submittedFile(storage, runtime.name).write({ trigger, reason: '', checkpointIntervalMs: 3_600_000 })
    const producing = run(context, [await csv(context, `${Date.now() + 3_000_000},1`)], {})
    if (isLetIn) await producing
    else await expect(producing).rejects.toMatchObject({ message: expect.stringMatching(/in the future/) })
    expect(sent(context)).toHaveLength(isLetIn ? 1 : 0)
  })

  it.each([
    ['no line is a sample', ['1,12.5', '2,13.5'], {}, /line 1, column 1/],
    ['there is only a header', ['time_millis,cpu'], { now: true }, /only a header/],
    ['it is not sorted', [sample(60_000), sample(0)], {}, /not sorted by time: line 2/],
    ['it is all in the future', [`${Date.now() + 3_600_000},1`], {}, /in the future/],
  ])('sends nothing of a file if %s, unless --anyway is set', async (_, lines, flags, message) => {
    const file = await csv(context, ...lines)
    await expect(run(context, [file], flags)).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message: expect.stringMatching(message),
    })
    expect(sent(context)).toEqual([])
    await run(context, [file], { ...flags, anyway: true })
    expect(context.output.warnings).toEqual([expect.stringMatching(message)])
  })

  it('refuses a pipe in which no line is a sample', async () => {
    standardInput('1,12.5\n', { isTTY: false })
    await expect(run(context, ['-'], { now: true })).rejects.toMatchObject({ code: 'USAGE' })
    expect(sent(context)).toEqual([])
  })

  it('refuses a key that makes every sample a dead letter', async () => {
    context = await testContext({ settings: { GROUP_BY: 'key' } })
    const flags = { key: 'x'.repeat(1_025) }
    await expect(run(context, [await csv(context, sample(0))], flags)).rejects.toMatchObject({
      code: 'USAGE',
    })
  })
})

describe('produce beside a job', () => {
  it('says where the samples wait if no job runs', async () => {
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.notes).toEqual([expect.stringMatching(/cpu-usage.*cpu-anomaly submit/)])
  })

  it('says that a job that begins at the latest samples will skip them', async () => {
    context = await testContext({ settings: { STARTING_OFFSETS: 'latest' } })
    context.broker.createTopic('cpu-usage')
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.warnings).toEqual([expect.stringMatching(/submit.*skips.*STARTING_OFFSETS=latest/)])
    runJob(context)
    context.runtime.driverNow = driverIn('stopped')
    context.runtime.checkpoint.files.delete('offsets/0')
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.notes.at(-1)).toMatch(/wait there until/)
  })

  it('says what a job that is still starting will skip, or has skipped', async () => {
    context = await testContext({ settings: { STARTING_OFFSETS: 'latest' } })
    context.broker.createTopic('cpu-usage')
    runJob(context)
    context.runtime.driverNow = driverIn('starting')
    context.runtime.checkpoint.files.delete('sources/0/0')
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.warnings).toEqual([expect.stringMatching(/has not begun to read.*skips/)])
    context.runtime.checkpoint.files.set('sources/0/0', '\0v1\n{"cpu-usage":{"0":2}}')
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.warnings[1]).toBe('the job began to read behind 1 of the samples, and skips them')
  })

  it('judges a pipe by the job as it is when the pipe has delivered', async () => {
    runJob(context, { watermarkMs: T - 60_000 })
    const driver = context.runtime.driver
    context.runtime.driver = async () => {
      if (process.stdin.readableEnded) runJob(context, { watermarkMs: T + 60_000 })
      return driver.call(context.runtime)
    }
    standardInput(`${sample(0)}\n${sample(1_000)}\n`, { isTTY: false })
    await expect(run(context, ['-'], {})).rejects.toMatchObject({
      message: expect.stringMatching(/^2 of 2 samples would be late/),
    })
  })

  it('looks at the job once more when everything is sent', async () => {
    runJob(context, { watermarkMs: T - 60_000 })
    context.broker.onRequest = (request) => {
      if (request === 'produce') runJob(context, { watermarkMs: T + 60_000 })
    }
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.warnings).toEqual([expect.stringMatching(/ahead of what is sent.*may be late/)])
  })

  it('judges again by the answer of a broker whose clock is not ahead after all', async () => {
    context = await testContext({ runtime: 'docker' })
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    const timestampMs = Date.now() + 3_600_000
    context.broker.append('cpu-usage', { value: `${timestampMs},1`, timestampMs })
    await expect(run(context, [await csv(context, `${Date.now() + 1_800_000},1`)], {})).rejects.toMatchObject(
      {
        message: expect.stringMatching(/clock agrees with the broker's: 1 of 1 samples are in the future/),
      },
    )
  })

  it.each([
    ['runs', () => undefined],
    ['is stopped', () => (context.runtime.driverNow = driverIn('stopped'))],
  ])('refuses a file that is all behind the watermark of a job that %s', async (_, change) => {
    runJob(context, { watermarkMs: Date.now() - 11_000 })
    change()
    await expect(run(context, [await csv(context, sample(0), sample(1))], {})).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^2 of 2 samples would be late/),
      hint: expect.stringMatching(/--now(.|\n)*--new-checkpoint/),
    })
    expect(sent(context)).toEqual([])
  })

  it('warns before it sends a file that is partly behind the watermark', async () => {
    runJob(context, { watermarkMs: T })
    await run(context, [await csv(context, sample(0), sample(500))], {})
    expect(context.output.warnings).toEqual([
      expect.stringMatching(/^1 of 2 samples would be late(.|\n)*--now/),
    ])
    expect(sent(context)).toHaveLength(2)
  })

  it('warns of a file that is older than the last sample of the topic', async () => {
    runJob(context)
    context.broker.append('cpu-usage', { value: sample(60_000) })
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.warnings).toEqual([expect.stringMatching(/^1 of 1 samples are older than/)])
  })

  it('warns that live samples are late while the watermark is ahead of the clock', async () => {
    useVirtualTime()
    runJob(context, { watermarkMs: Date.now() + 60_000 })
    await run(context, [], { live: true, seconds: 90 })
    expect(context.output.warnings).toEqual([expect.stringMatching(/ahead of this machine's clock/)])
  })

  it('ends if its clock makes all live samples dead letters, and warns of a smaller difference', async () => {
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    useVirtualTime()
    context.broker.clockAheadMs = -600_000
    await expect(run(context, [], { live: true })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(/clock is 10 min ahead of the broker's/),
    })
    context.broker.clockAheadMs = 120_000
    await run(context, [], { live: true, seconds: 1 })
    expect(context.output.warnings).toEqual([expect.stringMatching(/clock is 2 min behind the broker's/)])
  })

  it('judges the future by the clock of the broker, as soon as that has answered', async () => {
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    context.broker.clockAheadMs = -600_000
    const file = await csv(context, `${Date.now() - 1_000},1`, `${Date.now()},2`)
    await expect(run(context, [file], {})).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(
        /clock is 10 min ahead of the broker's: 2 of 2 samples are in the future/,
      ),
    })
    await run(context, [file], { anyway: true })
    expect(context.output.warnings).toEqual([expect.stringMatching(/10 min ahead of the broker's/)])
  })

  it('warns of those of a pipe that are in the future by the clock of the broker', async () => {
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    context.broker.clockAheadMs = -600_000
    standardInput(`${sample(0)}\n${Date.now()},2\n`, { isTTY: false })
    await run(context, ['-'], {})
    expect(context.output.warnings).toEqual([
      expect.stringMatching(/10 min ahead of the broker's: 1 of 2 samples are in the future/),
    ])
  })

  describe('with a clock that is behind that of the broker', () => {
    beforeEach(async () => {
      // On the local runtime both have one clock.
      context = await testContext({ runtime: 'docker' })
      context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
      const timestampMs = Date.now() + 7_200_000
      context.broker.append('cpu-usage', { value: `${timestampMs},1`, timestampMs })
      context.broker.clockAheadMs = 7_200_000
    })

    it('names the clock, not the samples of a healthy job', async () => {
      runJob(context, { watermarkMs: Date.now() + 7_190_000 })
      await expect(run(context, [], { live: true, seconds: 1 })).rejects.toMatchObject({
        message: expect.stringMatching(
          /^this machine's clock is at least (2 h|1 h 59 min 59 s) behind the broker's/,
        ),
        hint: expect.not.stringContaining('checkpoint'),
      })
    })

    it('accepts samples of the present', async () => {
      await run(context, [await csv(context, `${Date.now() + 7_200_000},1`)], {})
      expect(sent(context)).toHaveLength(2)
      expect(context.output.warnings).toEqual([expect.stringMatching(/behind the broker's/)])
    })
  })

  it('says nothing of the clocks if the samples are older than any difference', async () => {
    context.broker.createTopic('cpu-usage', 1, { 'message.timestamp.type': 'LogAppendTime' })
    context.broker.clockAheadMs = -600_000
    await run(context, [await csv(context, sample(0))], {})
    expect(context.output.warnings).toEqual([])
  })
})
