import { describe, expect, it, onTestFinished } from 'vitest'
import {
  COLLECTD_HOST,
  type CpuValues,
  collectdSamples,
  hasCollectd,
  startCollectd,
} from './helpers/collectd.ts'
import { expectAccounted, expectWindows, lastValues } from './helpers/guarantees.ts'
import { countRecords, readTopic } from './helpers/kafka.ts'
import { setups } from './helpers/modes.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import type { Stack } from './helpers/stack.ts'
import { waitFor } from './helpers/wait-for.ts'

const missing = hasCollectd ? '' : ' (collectd-core and librdkafka1 are not installed)'

describe.each((await setups()).filter(({ triesAll }) => triesAll))(
  '$title',
  ({ runtime, available, settings }) => {
    const shared = new SharedStack(runtime, settings)
    const isPossible = available && hasCollectd

    /** A collectd that writes to the stack, until it is stopped or the test ends. */
    async function started(stack: Stack, values?: CpuValues) {
      const collectd = await startCollectd(stack, values)
      onTestFinished(() => collectd.stop().catch(() => undefined))
      return collectd
    }

    it.skipIf(!isPossible)(
      `reads what collectd writes while the job runs, with the format that submit finds${missing}`,
      async () => {
        const stack = await shared.forTest({ INPUT_FORMAT: 'auto', GROUP_BY: 'key' })
        const collectd = await started(stack)
        await untilRecords(stack, 20)
        const submitted = await stack.cli(['submit', '--new-checkpoint'])
        expect(submitted.stderr).toMatch(
          /Format: collectd: \d+ of \d+ records; .*GROUP_BY=key would give 1 series/,
        )
        expect(submitted.exitCode).toBe(0)
        const before = await untilRecords(stack, 20)
        await untilRecords(stack, before + 60)
        await collectd.stop()

        const samples = collectdSamples(await readTopic(stack.broker, stack.topics.input))
        expect(new Set(samples.map(({ series }) => series))).toEqual(new Set([COLLECTD_HOST]))
        const status = await stack.untilRead(samples.length)
        expect(status.progress).toMatchObject({ deadLettered: 0, late: 0 })
        expectWindows(await lastValues(stack), samples)
        await expectAccounted(stack, status, samples.length)
      },
    )

    it.skipIf(!isPossible)(
      `refuses collectd's counters, and says what makes a share of them${missing}`,
      async () => {
        const stack = await shared.forTest({ INPUT_FORMAT: 'auto' })
        // Topics of a stack that runs already are created by `up` or `submit`, and collectd writes before `submit`.
        await stack.ok('up')
        const collectd = await started(stack, 'counter')
        await untilRecords(stack, 5)
        await collectd.stop()
        const { exitCode, stderr } = await stack.cli(['submit', '--new-checkpoint'])
        expect(exitCode).toBe(2)
        expect(stderr).toMatch(/collectd: \d+ of \d+ records(.|\n)*ValuesPercentage true/)
      },
    )
  },
)

/** Two in an interval: of the CPU, and of the load, which is of no interest. */
const untilRecords = ({ broker, topics }: Stack, count: number): Promise<number> =>
  waitFor(
    `${count} records of collectd`,
    async () => {
      const value = await countRecords(broker, topics.input)
      return { done: value >= count, value, seen: String(value) }
    },
    60_000,
  )
