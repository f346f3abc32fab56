import { expect, it } from 'vitest'
import { driverIn } from '../runtime/runtime.fixture.ts'
import { LatestJob } from './latest-job.ts'

/** Counts how often the log is read. */
function counted() {
  let reads = 0
  const latest = new LatestJob(async () => {
    reads += 1
    return {
      driver: driverIn('running'),
      progress: undefined,
      checkpointBegan: undefined,
      delayMsAt: () => reads,
    }
  })
  return { latest, reads: () => reads }
}

it('is read again only once it is too old for whoever asks', async () => {
  const { latest, reads } = counted()
  await latest.within(1_000, 5_000)
  await latest.within(1_000, 5_999)
  expect(reads()).toBe(1)
  await latest.within(0, 5_999)
  await latest.within(1_000, 6_900)
  expect(reads()).toBe(2)
})

it('is read once for all who ask at the same time', async () => {
  const { latest, reads } = counted()
  await Promise.all([latest.within(0, 1), latest.within(1_000, 2)])
  expect(reads()).toBe(1)
})

it('is read again after a read that failed', async () => {
  let isBroken = true
  const latest = new LatestJob(async () => {
    if (isBroken) throw new Error('EACCES')
    return { driver: undefined, progress: undefined, checkpointBegan: undefined, delayMsAt: () => undefined }
  })
  await expect(latest.within(1_000, 1)).rejects.toThrow('EACCES')
  isBroken = false
  expect(await latest.within(1_000, 2)).toMatchObject({ driver: undefined })
})
