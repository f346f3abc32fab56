import { describe, expect, it } from 'vitest'
import { expectAccounted, expectOrderly, expectWindows, lastValues } from './helpers/guarantees.ts'
import { growTopic, recreateTopic, removeBefore, send } from './helpers/kafka.ts'
import { modesOr } from './helpers/modes.ts'
import { steadySamples, toRecords } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import type { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const samples = steadySamples(1_700_000_000_000, 2_000, 25)
const records = toRecords(samples)
// Partitions are not read side by side across the restart; none of their samples is late with this delay.
const REAL_TIME = { TRIGGER: 'real-time', CHECKPOINT_INTERVAL: '5 seconds', WATERMARK_DELAY: '5 minutes' }

/** Waits until the driver has failed for good; returns its last error. */
const lastError = (stack: Stack): Promise<string> =>
  waitFor(
    'the job to fail',
    async () => {
      const { driver, lastError: value = '' } = await stack.status()
      return {
        done: driver?.state === 'failed' && driver.restarts === 0,
        value,
        seen: JSON.stringify(driver),
      }
    },
    60_000,
  )

describe('a job whose topics change', () => {
  const shared = new SharedStack('local')

  it('does not start without the records that were removed while it was stopped, in real-time mode', async () => {
    const stack = await shared.forTest(REAL_TIME)
    await stack.ok('submit', '--new-checkpoint')
    await send(stack.broker, stack.topics.input, records.slice(0, 1_000))
    await stack.untilRead(1_000)
    await stack.ok('stop')
    await send(stack.broker, stack.topics.input, records.slice(1_000))
    await removeBefore(stack.broker, stack.topics.input, 1_500)
    const { exitCode, stderr } = await stack.cli(['submit'])
    expect(stderr).toContain('partition 0: 500 lost, wanted offset 1000, the earliest is 1500')
    expect(exitCode).toBe(3)
  })

  it('reads partitions that are added in real-time mode, with more task slots', async () => {
    const stack = await shared.forTest(REAL_TIME)
    await stack.ok('submit', '--new-checkpoint')
    await send(stack.broker, stack.topics.input, records.slice(0, 1_000))
    await growTopic(stack.broker, stack.topics.input, 4)
    await send(stack.broker, stack.topics.input, records.slice(1_000))
    const status = await stack.untilRead(records.length)
    expect(Object.keys(status.progress?.endOffsets ?? {})).toHaveLength(4)
    expect(status.driver?.restarts).toBe(1)
    expectWindows(await lastValues(stack), samples)
    await expectAccounted(stack, status, records.length)
    await expectOrderly(stack, 'real-time', 1)
  })

  it.each(modesOr('micro-batch'))(
    'ends when its input topic is created again behind its back, in %s mode',
    async (mode) => {
      const stack = await shared.forTest(mode === 'real-time' ? REAL_TIME : {})
      await stack.ok('submit', '--new-checkpoint')
      await send(stack.broker, stack.topics.input, records.slice(0, 100))
      await stack.untilRead(100)
      await recreateTopic(stack.broker, stack.topics.input)
      await send(stack.broker, stack.topics.input, records)
      expect(await lastError(stack)).toContain(`topic ${stack.topics.input} was deleted and created again`)
    },
  )
})
