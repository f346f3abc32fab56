import { expect, it } from 'vitest'
import { driverIn } from '../runtime/runtime.fixture.ts'
import type { DriverStatus, PartStatus } from '../runtime/runtime.ts'
import { problemsOf } from './health.ts'
import type { StackStatus } from './status.ts'

const KAFKA: PartStatus = { part: 'kafka', state: 'running' }
const HEALTHY = {
  parts: [KAFKA],
  driver: driverIn('running'),
  stall: undefined,
} as unknown as Omit<StackStatus, 'problems'>

const codes = (change: Partial<StackStatus>) => problemsOf({ ...HEALTHY, ...change }).map(({ code }) => code)

it('a stack whose parts and job run has no problems', () => {
  expect(problemsOf(HEALTHY)).toEqual([])
})

it.each(['starting', 'unhealthy', 'stopped'] as const)('a part that is %s is a problem', (state) => {
  expect(codes({ parts: [{ ...KAFKA, state }] })).toEqual(['KAFKA_UNREACHABLE'])
  expect(codes({ parts: [KAFKA, { part: 'spark-worker', state }] })).toEqual(['CLUSTER_UNREACHABLE'])
})

it.each<DriverStatus['state']>([
  'starting',
  'backing-off',
  'gave-up',
  'failed',
  'stopped',
  'orphaned',
  'lost',
])('a job that is %s is a problem', (state) => {
  expect(codes({ driver: driverIn(state) })).toEqual(['QUERY_FAILED'])
})

it('no job, and one that makes no progress, are problems', () => {
  expect(codes({ driver: undefined })).toEqual(['QUERY_FAILED'])
  expect(problemsOf({ ...HEALTHY, stall: { seconds: 62, unread: 10_000 } })).toEqual([
    { code: 'QUERY_FAILED', text: 'no progress for 62 s, although 10,000 records are unread' },
  ])
})

it('Kafka comes before the job, which cannot run without it', () => {
  expect(codes({ parts: [{ ...KAFKA, state: 'stopped' }], driver: driverIn('backing-off') })).toEqual([
    'KAFKA_UNREACHABLE',
    'QUERY_FAILED',
  ])
})
