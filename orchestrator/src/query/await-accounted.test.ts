import { describe, expect, it, vi } from 'vitest'
import { driverIn, FakeRuntime } from '../runtime/runtime.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { awaitAccounted } from './await-accounted.ts'

vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

const { signal } = new AbortController()

function runtimeAt(offset: number): FakeRuntime {
  const runtime = new FakeRuntime()
  runtime.driverNow = driverIn('running')
  account(runtime, offset)
  return runtime
}

function account({ checkpoint: { files } }: FakeRuntime, offset: number): void {
  files.set('cpu-anomaly-ledger.json', JSON.stringify({ batch: 3, read: offset, dead_lettered: 1, late: 2 }))
  files.set('offsets/3', `v1\n{"batchWatermarkMs":0}\n{"in":{"0":${offset}}}`)
}

const wait = (runtime: FakeRuntime, update = (_: string) => {}) =>
  awaitAccounted(runtime, 'in', [{ partition: 0, from: 18n, to: 20n, samples: 4 }], { signal, update })

describe('awaitAccounted', () => {
  it('returns the ledger once it includes all records', async () => {
    expect(await wait(runtimeAt(20))).toEqual({
      before: undefined,
      skipped: 0,
      after: { batch: 3, read: 20, deadLettered: 1, late: 2 },
    })
  })

  it('waits, and shows how much is missing, while a driver runs or will run again', async () => {
    useVirtualTime()
    const runtime = runtimeAt(15)
    runtime.driverNow = driverIn('backing-off')
    runtime.onDriverRead = (reads) => {
      if (reads === 3) account(runtime, 25)
    }
    const update = vi.fn()
    expect(await wait(runtime, update)).toMatchObject({ before: { read: 15 }, after: { read: 25 } })
    expect(update).toHaveBeenCalledWith(expect.stringMatching(/^5 records/))
  })

  it('does not wait for what is before the offset at which the query began', async () => {
    const runtime = runtimeAt(0)
    runtime.checkpoint.files.clear()
    runtime.checkpoint.files.set('sources/0/0', '\0v1\n{"in":{"0":20}}')
    expect(await wait(runtime)).toMatchObject({ skipped: 4, after: { read: 0 } })
    account(runtime, 20)
    runtime.checkpoint.files.set('sources/0/0', '\0v1\n{"in":{"0":19}}')
    expect(await wait(runtime)).toMatchObject({ skipped: 2 })
  })

  it('fails with the error of a driver that has ended', async () => {
    const runtime = runtimeAt(15)
    runtime.driverNow = driverIn('failed', { exitCode: 3, reason: 'data loss' })
    await expect(wait(runtime)).rejects.toMatchObject({ code: 'DATA_LOSS' })
  })
})
