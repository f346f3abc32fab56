import { describe, expect, it } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import { at, driverIn, FakeRuntime } from '../runtime/runtime.fixture.ts'
import type { DriverStatus } from '../runtime/runtime.ts'
import { jobNow, readUpTo } from './job-now.ts'

const progress = (second: number, batch: number, endOffsets: string) =>
  `${at(second)} progress batch=${batch} end_offsets=${endOffsets}`
const { signal } = new AbortController()

describe('readUpTo', () => {
  const plan = (end: number) => `v1\n{"batchWatermarkMs":0}\n{"cpu-usage":{"0":${end}}}`

  interface Position {
    readonly state: DriverStatus['state'] | undefined
    readonly lines?: readonly string[]
    readonly checkpoint?: Readonly<Record<string, string>>
    readonly isCommitted?: boolean
    readonly set?: readonly string[]
  }

  const positionOf = async ({
    state,
    lines = [],
    checkpoint = {},
    isCommitted = true,
    set = [],
  }: Position) => {
    const runtime = new FakeRuntime()
    runtime.driverNow = state && driverIn(state)
    runtime.logLines.driver = [...lines]
    runtime.checkpoint.isCommitted = isCommitted
    for (const [name, text] of Object.entries(checkpoint)) runtime.checkpoint.files.set(name, text)
    return readUpTo(await jobNow(runtime, 'cpu-usage', signal), { runtime, config: await configWith(set) })
  }

  it.each([undefined, 'running', 'stopped', 'failed', 'gave-up', 'lost'] as const)(
    'is the last commit of the checkpoint for a driver that is %s, whatever its log says',
    async (state) => {
      const checkpoint = { 'offsets/0': plan(5), 'commits/0': 'v1', 'offsets/1': plan(7) }
      expect(await positionOf({ state, checkpoint, lines: [progress(1, 7, '0:100,1:50')] })).toEqual({ 0: 5 })
    },
  )

  it('is the last commit after the batch that is accounted for', async () => {
    const checkpoint = {
      'cpu-anomaly-ledger.json': '{"batch":8,"read":1,"dead_lettered":0,"late":0}',
      ...Object.fromEntries([8, 9, 10].map((batch) => [`offsets/${batch}`, plan(batch)])),
      'commits/8': 'v1',
      'commits/9': 'v1',
    }
    expect(await positionOf({ state: 'stopped', checkpoint })).toEqual({ 0: 9 })
  })

  it.each([
    ['cannot be reached', {}],
    ['is of another topic', { 'offsets/0': plan(5).replace('cpu-usage', 'other'), 'commits/0': 'v1' }],
    ['cannot be read', { 'offsets/0': 'v2', 'commits/0': 'v1' }],
  ])('is unknown if the checkpoint %s, and the log says nothing', async (_, checkpoint) => {
    expect(await positionOf({ state: 'stopped', checkpoint })).toBeUndefined()
  })

  it('is where the last batch in the log ended if the checkpoint cannot be reached', async () => {
    const lines = [progress(1, 6, '0:1'), progress(2, 7, '0:90,1:45')]
    expect(await positionOf({ state: 'running', lines })).toEqual({ 0: 90, 1: 45 })
  })

  it('is nowhere before the first batch, and again on a new checkpoint', async () => {
    const isCommitted = false
    expect(await positionOf({ state: 'starting', isCommitted })).toEqual({})
    const newCheckpoint = `${at(2)} started resumed_from_batch=`
    const lines = [progress(1, 7, '0:100,1:50'), newCheckpoint]
    expect(await positionOf({ state: 'running', isCommitted, lines })).toEqual({})
    expect(await positionOf({ state: undefined, isCommitted })).toBeUndefined()
  })

  it('is unknown before the first batch of a query that starts at the end of the topic', async () => {
    const set = ['STARTING_OFFSETS=latest']
    expect(await positionOf({ state: 'starting', isCommitted: false, set })).toBeUndefined()
  })
})
