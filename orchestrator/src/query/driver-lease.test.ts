import { describe, expect, it } from 'vitest'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { requireNoOtherDriver } from './driver-lease.ts'

const never = new AbortController().signal
const lease = (beat: number): string => JSON.stringify({ id: 'a', host: 'other-host', pid: 7, beat })

/** A checkpoint whose lease is read as these texts, one after the other; the last one stays. */
function storeWith(...leases: readonly (string | undefined)[]): CheckpointStore {
  const left = [...leases]
  const read = async (name: string) => {
    expect(name).toBe('cpu-anomaly-driver.json')
    return left.length > 1 ? left.shift() : left[0]
  }
  return { location: 's3a://b/cp', read } as CheckpointStore
}

describe('a checkpoint that is to be set aside', () => {
  it.each<[string, (string | undefined)[]]>([
    ['no driver has had it', [undefined]],
    ['its driver does not renew its lease any more', [lease(1)]],
    ['its driver stops meanwhile', [lease(1), lease(1), undefined]],
  ])('is free if %s', async (_, leases) => {
    await requireNoOtherDriver(storeWith(...leases), never, 250)
  })

  it('is refused while a driver renews its lease, with where that is', async () => {
    const store = storeWith(lease(1), lease(1), lease(2))
    await expect(requireNoOtherDriver(store, never, 60_000)).rejects.toMatchObject({
      code: 'LOCKED',
      message: 'another driver uses the checkpoint at s3a://b/cp: pid 7 on other-host',
    })
  })
})
