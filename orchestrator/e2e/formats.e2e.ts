import { describe, expect, it } from 'vitest'
import { AGENTS } from './helpers/agent-records.ts'
import { expectAccounted, expectWindows, lastValues } from './helpers/guarantees.ts'
import { readTopic, send } from './helpers/kafka.ts'
import { type Mode, setups } from './helpers/modes.ts'
import { steadySamples } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'

const HOSTS = ['web-1', 'web-2']
const samples = steadySamples(1_700_000_000_000, 800, 25).map((sample, nth) => ({
  ...sample,
  series: HOSTS[nth % HOSTS.length] as string,
}))

describe.each(await setups())('$title', ({ runtime, available, mode, settings }) => {
  const shared = new SharedStack(runtime, { ...settings, GROUP_BY: 'key' })
  // Starting a job takes longer than reading, and the other presets differ in their paths only.
  const tried: Readonly<Record<Mode, readonly string[]>> = {
    'micro-batch': runtime === 'local' ? ['telegraf', 'otlp-json', 'json'] : ['telegraf'],
    'real-time': runtime === 'local' ? ['telegraf', 'otlp-json'] : ['otlp-json'],
  }

  it.skipIf(!available).each(AGENTS.filter(({ format }) => tried[mode].includes(format)))(
    'makes the same windows of $format as of the same samples as csv, and says why a record is none',
    async ({ format, settings, records, ofNoInterest, refused }) => {
      const stack = await shared.forTest({ INPUT_FORMAT: format, ...settings })
      await stack.ok('submit', '--new-checkpoint')
      const others = [...ofNoInterest, ...Object.values(refused)].map((value) => ({
        key: null,
        value: Buffer.from(value),
      }))
      await send(stack.broker, stack.topics.input, [...others, ...records(samples)])
      const units = samples.length + Object.keys(refused).length
      const status = await stack.untilRead(units)
      expectWindows(await lastValues(stack), samples)
      await expectAccounted(stack, status, units)
      const letters = await readTopic(stack.broker, stack.topics.deadLetter)
      const reasons = new Set(letters.map(({ value }) => JSON.parse(String(value)).reason))
      expect([...reasons].sort()).toEqual(Object.keys(refused).sort())
    },
  )
})
