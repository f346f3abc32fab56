import { describe, expect, it } from 'vitest'
import { at, driverIn, FakeRuntime } from '../runtime/runtime.fixture.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import { type StoragePaths, storagePaths } from '../storage/paths.ts'
import { newFolder } from '../system/folder.fixture.ts'
import { queryLag, stackStatus } from './status.ts'
import { type SubmittedQuery, submittedFile } from './submitted.ts'

const QUERY: SubmittedQuery = { trigger: 'micro-batch', reason: 'r', checkpointIntervalMs: 60_000 }
const progress = (second: number, batch: number, endOffsets: string) =>
  `${at(second)} progress batch=${batch} end_offsets=${endOffsets}`
const { signal } = new AbortController()

async function newStorage(): Promise<StoragePaths> {
  return storagePaths(await newFolder())
}

describe('stackStatus', () => {
  it.each<[DriverStatus['state'], { hasUi: boolean; hasError: boolean }]>([
    ['starting', { hasUi: false, hasError: true }],
    ['running', { hasUi: true, hasError: false }],
    ['backing-off', { hasUi: false, hasError: true }],
    ['gave-up', { hasUi: false, hasError: true }],
    ['failed', { hasUi: false, hasError: true }],
    ['stopped', { hasUi: false, hasError: true }],
    ['orphaned', { hasUi: true, hasError: false }],
    ['lost', { hasUi: false, hasError: true }],
  ])('of a driver that is %s: %j', async (state, { hasUi, hasError }) => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn(state)
    runtime.logLines.driver = [`${at(1)} failed message=first`, `${at(2)} failed message=last`]
    const status = await stackStatus(runtime, await newStorage(), signal)
    expect(status).toMatchObject({
      driver: { state },
      sparkUi: hasUi ? runtime.sparkUi : undefined,
      lastError: hasError ? 'last' : undefined,
    })
  })

  it('names runtime, parts and storage of a stack that is down', async () => {
    const runtime = new FakeRuntime('docker')
    runtime.partsNow = [{ part: 'kafka', state: 'stopped' }]
    const storage = await newStorage()
    expect(await stackStatus(runtime, storage, signal)).toEqual({
      runtime: 'docker',
      parts: [{ part: 'kafka', state: 'stopped' }],
      driver: undefined,
      query: undefined,
      progress: undefined,
      lastError: undefined,
      remarks: [],
      sparkUi: undefined,
      storage: storage.root,
    })
  })

  it.each([
    ['with a driver', driverIn('running'), QUERY],
    ['without one', undefined, undefined],
  ])('shows how the job was submitted only %s', async (_, driver, query) => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driver
    const storage = await newStorage()
    await submittedFile(storage).write(QUERY)
    expect(await stackStatus(runtime, storage, signal)).toMatchObject({ query })
  })

  it('works even if the log cannot be read', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    runtime.logFailure = new Error('EACCES: permission denied')
    const status = await stackStatus(runtime, await newStorage(), signal)
    expect(status).toMatchObject({ driver: { state: 'running' }, progress: undefined })
  })

  it('shows no progress of a checkpoint that was set aside', async () => {
    const runtime = new FakeRuntime()
    runtime.driverNow = driverIn('running')
    runtime.logLines.driver = [progress(1, 7, '0:70'), `${at(2)} started resumed_from_batch=`]
    const storage = await newStorage()
    expect(await stackStatus(runtime, storage, signal)).toMatchObject({ progress: undefined })
    runtime.logLines.driver.push(progress(3, 0, '0:5'))
    expect(await stackStatus(runtime, storage, signal)).toMatchObject({ progress: { batch: 0 } })
  })
})

describe('queryLag', () => {
  const ends = new Map([
    [0, 100n],
    [1, 50n],
  ])
  const lag = async (state: DriverStatus['state'] | undefined, ...lines: readonly string[]) => {
    const runtime = new FakeRuntime()
    runtime.driverNow = state && driverIn(state)
    runtime.logLines.driver = [...lines]
    return queryLag(runtime, ends, signal)
  }

  it.each([undefined, 'stopped', 'failed', 'gave-up', 'lost'] as const)(
    'is unknown for a driver that is %s',
    async (state) => {
      expect(await lag(state, progress(1, 7, '0:100,1:50'))).toBeUndefined()
    },
  )

  it.each([
    ['everything was read', '0:100,1:50', 0],
    ['some of each partition is left', '0:90,1:45', 15],
    ['a partition was not read yet', '0:100', 50],
    ['the job has read further since', '0:120,1:50', 0],
  ])('%s', async (_, endOffsets, expected) => {
    expect(await lag('running', progress(1, 6, '0:1'), progress(2, 7, endOffsets))).toBe(expected)
  })

  it('is infinite before the first batch, and again on a new checkpoint', async () => {
    expect(await lag('starting')).toBe(Number.POSITIVE_INFINITY)
    const newCheckpoint = `${at(2)} started resumed_from_batch=`
    expect(await lag('running', progress(1, 7, '0:100,1:50'), newCheckpoint)).toBe(Number.POSITIVE_INFINITY)
  })
})
