import { describe, expect, it } from 'vitest'
import { badRecords } from './helpers/bad-records.ts'
import {
  expectAccounted,
  expectNothingLeft,
  expectOrderly,
  expectUntouched,
  expectWindows,
  finalWindows,
  lastValues,
  results,
} from './helpers/guarantees.ts'
import { readTopic, send } from './helpers/kafka.ts'
import { everywhere, setups } from './helpers/modes.ts'
import {
  goldenFile,
  goldenSamples,
  hasGolden,
  steadySamples,
  toLine,
  toRecord,
  toRecords,
} from './helpers/samples.ts'
import { SharedStack } from './helpers/shared-stack.ts'
import { Stack } from './helpers/stack.ts'
import { multiSampleTests } from './multi-sample.ts'

describe.each((await setups()).filter(({ triesLines }) => triesLines))('$title', (setup) => {
  const { runtime, available, mode, settings, triesAll } = setup
  const shared = new SharedStack(runtime, settings)
  const goldenName = hasGolden ? '' : ' (the sample file is missing)'

  it.skipIf(!available || !hasGolden)(
    `finds the 21 windows of the golden case with the shipped commands${goldenName}`,
    async () => {
      const stack = await shared.forTest()
      const submitted = await stack.cli(['submit', '--new-checkpoint'])
      expect(submitted.stderr).toContain(`Trigger: ${mode} (`)
      await stack.ok('produce', goldenFile)
      const windows = await finalWindows(stack, 21)
      const shown = [...windows.values()]
      const by = (status: string) => shown.filter((result) => result.status === status).length
      expect({ windows: shown.length, safe: by('SAFE'), warn: by('WARN'), error: by('ERROR') }).toEqual({
        windows: 21,
        safe: 18,
        warn: 0,
        error: 3,
      })
      expect(shown.map(({ count }) => count)).toEqual([330, ...Array.from({ length: 19 }, () => 500), 170])
      expectWindows(windows, goldenSamples())
      expectWindows(await lastValues(stack), goldenSamples())
      await expectAccounted(stack, await stack.untilRead(10_000), 10_000)
      await expectOrderly(stack, mode, 0)

      const log = await stack.ok('logs', 'driver', '-n', '500')
      const own = log.slice(log.lastIndexOf(' started '))
      expect(own.split('\n').filter((line) => / ERROR window=/.test(line)).length).toBeGreaterThanOrEqual(3)
    },
  )

  it.skipIf(!available)(
    'accounts for every kind of bad record, for late samples, and for the good ones in between',
    async () => {
      const stack = await shared.forTest()
      await stack.ok('submit', '--new-checkpoint')
      const startMs = Math.floor(Date.now() / 1000) * 1000 - 120_000
      const good = steadySamples(startMs, 3_000, 20)
      const bad = badRecords(startMs)
      const first = good.slice(0, 2_000)
      // A bad record after every fifty good ones.
      const mixed = first.flatMap((sample, index) => {
        const one = index % 50 === 0 ? bad[index / 50] : undefined
        return one ? [toRecord(sample), one] : [toRecord(sample)]
      })
      const sentBad = bad.slice(0, first.length / 50)
      expect(sentBad.length).toBe(bad.length)
      await send(stack.broker, stack.topics.input, mixed)
      await stack.untilRead(mixed.length)
      // Older than the watermark (10 s behind the newest sample) once a batch has read the samples above.
      const late = steadySamples(startMs, 40, 20)
      await send(stack.broker, stack.topics.input, toRecords(good.slice(2_000)))
      await stack.untilRead(mixed.length + 1_000)
      await send(stack.broker, stack.topics.input, toRecords(late))
      const total = mixed.length + 1_000 + late.length
      const status = await stack.untilRead(total)

      const accepted = bad.flatMap(({ sample }) => (sample ? [sample] : []))
      expect(status.progress).toMatchObject({
        late: late.length,
        deadLettered: bad.length - accepted.length,
      })
      expectWindows(await lastValues(stack), [...good, ...accepted])
      await expectAccounted(stack, status, total)
      await expectOrderly(stack, mode, 0)
      const letters = (await readTopic(stack.broker, stack.topics.deadLetter)).map(({ value }) =>
        JSON.parse(String(value)),
      )
      const reasons = bad.flatMap(({ reason }) => (reason ? [reason] : []))
      expect(letters.map(({ reason }: { reason: string }) => reason)).toEqual(reasons)

      // What a record contains must be escaped before it reaches the terminal.
      const shown = await stack.ok(
        'tail',
        stack.topics.deadLetter,
        '--from',
        'earliest',
        '--limit',
        String(letters.length),
      )
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these characters must not appear
      expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    },
  )

  // The fault suite kills driver and broker, too.
  if (everywhere)
    it.skipIf(!available)(
      'loses and duplicates nothing when the driver is killed in the middle',
      async () => {
        const stack = await shared.forTest()
        await stack.ok('submit', '--new-checkpoint')
        const samples = steadySamples(Date.now() - 600_000, 20_000, 25)
        await send(stack.broker, stack.topics.input, toRecords(samples.slice(0, 8_000)))
        await stack.untilRead(8_000)
        const committed = await results(stack)
        await send(stack.broker, stack.topics.input, toRecords(samples.slice(8_000, 14_000)))
        await stack.killDriver()
        await send(stack.broker, stack.topics.input, toRecords(samples.slice(14_000)))
        const status = await stack.untilRead(samples.length)
        expect(status.driver?.restarts).toBe(1)
        expectWindows(await lastValues(stack), samples)
        await expectUntouched(stack, committed)
        await expectAccounted(stack, status, samples.length)
        await expectOrderly(stack, mode, status.driver?.restarts ?? 0)
      },
    )

  multiSampleTests(setup, shared)

  if (everywhere)
    it.skipIf(!available)('loses and duplicates nothing when the broker crashes in the middle', async () => {
      const stack = await shared.forTest()
      await stack.ok('submit', '--new-checkpoint')
      const samples = steadySamples(Date.now() - 600_000, 20_000, 25)
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(0, 12_000)))
      await stack.crashBroker()
      await send(stack.broker, stack.topics.input, toRecords(samples.slice(12_000)))
      const status = await stack.untilRead(samples.length)
      expectWindows(await lastValues(stack), samples)
      await expectAccounted(stack, status, samples.length)
      await expectOrderly(stack, mode, status.driver?.restarts ?? 0)
    })

  it.skipIf(!available)('leaves nothing behind when it is taken down while a job runs', async () => {
    const stack = shared.running ?? (await shared.forTest())
    // Without a test before it, no job runs yet.
    if (!(await stack.status()).driver) await stack.ok('submit')
    expect((await stack.status()).driver?.state).toBe('running')
    await stack.ok('down')
    await expectNothingLeft(stack)
  })

  if (triesAll)
    it.skipIf(!available)(
      'keeps one series per record key with GROUP_BY=key, also with a login',
      async () => {
        const login = { KAFKA_USERNAME: 'ana', KAFKA_PASSWORD: "'p\"ss\\w;ord ü'" }
        const stack = await Stack.create(runtime, {
          ...settings,
          GROUP_BY: 'key',
          ...login,
          KAFKA_SERVERS: 'kafka-broker:9092',
        })
        await stack.ok('up')
        await stack.ok('submit')
        const csv = (shift: number) => steadySamples(1_700_000_000_000 + shift, 200, 20).map(toLine)
        for (const [host, shift] of [
          ['web 1', 0],
          ['db|2', 250],
        ] as const) {
          const { exitCode, stderr } = await stack.cli(['produce', '-', '--key', host], {
            input: Buffer.from(csv(shift).join('\n')),
          })
          expect(stderr).not.toContain('error')
          expect(exitCode).toBe(0)
        }
        const expected = (['web 1', 'db|2'] as const).flatMap((series, nth) =>
          steadySamples(1_700_000_000_000 + nth * 250, 200, 20).map((sample) => ({ ...sample, series })),
        )
        expectWindows(await finalWindows(stack, 17), expected)
      },
    )
})
