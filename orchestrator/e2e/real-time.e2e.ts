import { describe, expect, it } from 'vitest'
import { expectAccounted, expectOrderly, expectWindows, lastValues, results } from './helpers/guarantees.ts'
import { send } from './helpers/kafka.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const samples = steadySamples(1_700_000_000_000, 2_000, 25)
const records = toRecords(samples)

describe('a job in real-time mode', () => {
  it('stops between two intervals, replays nothing, and does not change the mode of its checkpoint', async () => {
    const settings = { TRIGGER: 'auto', CHECKPOINT_INTERVAL: '5 seconds' }
    const stack = await Stack.create('local', settings)
    await stack.ok('up')
    const submitted = await stack.cli(['submit'])
    expect(submitted.stderr).toContain('Trigger: real-time (TRIGGER=auto: 1 input partition + 1 shuffle')
    await send(stack.broker, 'cpu-usage', records.slice(0, 1_000))
    expect(await stack.ok('status')).toContain('real-time, progress and dead letters every 5 s')
    expect(JSON.parse(await stack.ok('stop', '--json'))).toEqual({ job: 'stopped' })

    await stack.configure({ ...settings, TRIGGER: 'micro-batch' })
    const refused = await stack.cli(['submit'])
    expect(refused.exitCode).toBe(3)
    expect(refused.stderr).toContain('TRIGGER: was real-time, is now micro-batch')
    expect(refused.stderr).toContain('submit --new-checkpoint')

    await stack.configure(settings)
    await stack.ok('submit')
    await send(stack.broker, 'cpu-usage', records.slice(1_000))
    const status = await stack.untilRead(records.length)
    expectWindows(await lastValues(stack), samples)
    await expectAccounted(stack, status, records.length)
    await expectOrderly(stack, 'real-time', 0)
  })

  it('ends at once on a second stop, and replays the interrupted interval', async () => {
    const stack = await Stack.create('local', { TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '2 minutes' })
    await stack.ok('up')
    await stack.ok('submit')
    await send(stack.broker, 'cpu-usage', records)
    await waitFor(
      'results before the interval ends',
      async () => {
        const count = (await results(stack)).length
        return { done: count === records.length, value: undefined, seen: `${count} results` }
      },
      60_000,
    )
    const first = stack.start(['stop'])
    const log = async () => stack.ok('logs', 'driver', '-n', '20')
    await waitFor(
      'the supervisor to get the stop request',
      async () => ({ done: / state=stopping/.test(await log()), value: undefined, seen: await log() }),
      30_000,
    )
    first.kill('SIGINT')
    expect((await first).exitCode).toBe(130)
    const stoppedAt = Date.now()
    await stack.ok('stop')
    expect(Date.now() - stoppedAt).toBeLessThan(30_000)

    await stack.configure({ TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '5 seconds' })
    await stack.ok('submit')
    const status = await stack.untilRead(records.length)
    expectWindows(await lastValues(stack), samples)
    await expectAccounted(stack, status, records.length)
    await expectOrderly(stack, 'real-time', 1)
  })
})
