import { beforeEach, describe, expect, it } from 'vitest'
import { type TestContext, testContext } from '../cli/command.fixture.ts'
import { at, driverIn } from '../runtime/runtime.fixture.ts'
import { isInputRead, jobWatermark } from './watermark.ts'

let context: TestContext
let files: Map<string, string>
beforeEach(async () => {
  context = await testContext()
  files = context.runtime.checkpoint.files
  files.set('cpu-anomaly-manifest.json', JSON.stringify({ INPUT_TOPIC: 'cpu-usage' }))
})

const plan = (batch: number, batchWatermarkMs: number) =>
  files.set(`offsets/${batch}`, `v1\n${JSON.stringify({ batchWatermarkMs })}\n{"cpu-usage":{"0":7}}`)
const accountedUpTo = (batch: number) =>
  files.set(
    'cpu-anomaly-ledger.json',
    JSON.stringify({ batch, read: 1, dead_lettered: 0, late: 0, topic_ids: {} }),
  )
const watermark = async () => jobWatermark(context.runtime, await context.config(), context.signal)

describe('jobWatermark', () => {
  it('is that of the newest planned batch, also if the ledger is behind', async () => {
    accountedUpTo(7)
    plan(7, 1_000)
    plan(8, 2_000)
    expect(await watermark()).toEqual({ closedMs: 2_000, closingMs: 2_000 })
  })

  it('is that of the first batch, before the ledger begins', async () => {
    plan(0, 0)
    expect(await watermark()).toEqual({ closedMs: 0, closingMs: 0 })
  })

  it('follows what the job has read, which counts from the batch after the next on', async () => {
    plan(0, 0)
    context.runtime.logLines.driver.push(
      `${at(0)} progress batch=1 newest_window=2030-01-01T00:00:00.000Z`,
      `${at(1)} started resumed_from_batch=`,
      `${at(2)} progress batch=0 newest_window=${at(60)}`,
      `${at(3)} progress batch=1 newest_window=`,
      `${at(4)} progress batch=2`,
    )
    // WATERMARK_DELAY is 10 s, and a window lasts 500 ms.
    expect(await watermark()).toEqual({ closedMs: 0, closingMs: Date.parse(at(60)) - 10_500 })
  })

  it.each<[string, () => unknown]>([
    ['no checkpoint', () => files.clear()],
    ['a checkpoint without a batch', () => undefined],
    ['a manifest that cannot be read', () => files.set('cpu-anomaly-manifest.json', '{')],
    ['a job of another topic', () => files.set('cpu-anomaly-manifest.json', '{"INPUT_TOPIC":"x"}')],
    ['an offset log that cannot be read', () => files.set('offsets/0', 'v1\n{"batch')],
  ])('is unknown with %s', async (_, prepare) => {
    if (_ !== 'a checkpoint without a batch') plan(0, 5)
    prepare()
    expect(await watermark()).toBeUndefined()
  })
})

describe('isInputRead', () => {
  it.each([
    ['runs', driverIn('running'), 'cpu-usage', true],
    ['will be restarted', driverIn('backing-off'), 'cpu-usage', true],
    ['runs, for another topic', driverIn('running'), 'x', false],
    ['is stopped', driverIn('stopped'), 'cpu-usage', false],
  ])('of a job that %s', async (_, driver, topic, expected) => {
    files.set('cpu-anomaly-manifest.json', JSON.stringify({ INPUT_TOPIC: topic }))
    context.runtime.driverNow = driver
    expect(await isInputRead(context.runtime, await context.config())).toBe(expected)
  })
})
