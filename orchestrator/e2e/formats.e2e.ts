import { describe, expect, it } from 'vitest'
import { AGENTS } from './helpers/agent-records.ts'
import { expectAccounted, expectWindows, lastValues } from './helpers/guarantees.ts'
import { readTopic, send } from './helpers/kafka.ts'
import { everywhere, type Mode, type Setup, setups } from './helpers/modes.ts'
import { steadySamples } from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import type { RuntimeUnderTest } from './helpers/stack.ts'

const HOSTS = ['web-1', 'web-2']
const samples = steadySamples(1_700_000_000_000, 800, 25).map((sample, nth) => ({
  ...sample,
  series: HOSTS[nth % HOSTS.length] as string,
}))

// The other presets differ in their paths only, and docker's workers parse as the local driver does.
const TRIED: Readonly<Record<RuntimeUnderTest, Readonly<Record<Mode, readonly string[]>>>> = {
  local: { 'micro-batch': ['telegraf', 'json'], 'real-time': ['otlp-json'] },
  docker: { 'micro-batch': [], 'real-time': [] },
}

const agentsIn = ({ runtime, mode }: Setup) =>
  everywhere ? AGENTS : AGENTS.filter(({ format }) => TRIED[runtime][mode].includes(format))

describe.each((await setups()).filter((setup) => agentsIn(setup).length > 0))('$title', (setup) => {
  const shared = new SharedStack(setup.runtime, { ...setup.settings, GROUP_BY: 'key' })

  it.skipIf(!setup.available).each(agentsIn(setup))(
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
