import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { untilCalm } from './machine-load.ts'

vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))
vi.mock('../produce/cpu-times.ts', async (original) => ({ ...(await original<object>()), readCpuTimes }))

/** Percent, one per reading after the first one; the last one stays. */
let loads: number[] = []
const times = { busy: 0, total: 0 }

const readCpuTimes = vi.hoisted(() => vi.fn())

beforeEach(() => {
  useVirtualTime()
  Object.assign(times, { busy: 0, total: 0 })
  let readings = 0
  readCpuTimes.mockImplementation(async () => {
    if (readings++ > 0) {
      times.busy += (loads.length > 1 ? loads.shift() : loads[0]) ?? 0
      times.total += 100
    }
    return { ...times }
  })
})

const wait = (signal = new AbortController().signal) => {
  const seen: number[] = []
  const waiting = untilCalm({ atMost: 30, seconds: 3, signal, onLoad: (percent) => seen.push(percent) })
  return { seen, waiting }
}

describe('untilCalm', () => {
  it('asks for calm seconds one after the other', async () => {
    loads = [90, 10, 31, 30, 20, 20, 95]
    const { seen, waiting } = wait()
    await waiting
    expect(seen).toEqual([90, 10, 31, 30, 20, 20])
  })

  it('says how busy the machine was if it is not calm in time', async () => {
    loads = [55]
    const { seen, waiting } = wait()
    await expect(waiting).rejects.toMatchObject({
      code: 'TOO_BUSY',
      message: expect.stringMatching(/its cores were 55 % busy after 120 s, and at most 30 %/),
    })
    expect(seen.length).toBeGreaterThan(110)
  })

  it('ends at once when it is interrupted', async () => {
    loads = [55]
    const interrupted = new AbortController()
    const { waiting } = wait(interrupted.signal)
    interrupted.abort(new Error('Ctrl-C'))
    await expect(waiting).rejects.toThrow('Ctrl-C')
  })
})
