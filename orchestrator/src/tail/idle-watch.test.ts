import { beforeEach, describe, expect, it, vi } from 'vitest'
import { FakeBroker, protocolError, type Request } from '../kafka/broker.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { IdleWatch, isIdle, type PositionOf, type StreamActivity } from './idle-watch.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

let nowMs: number
let broker: FakeBroker
let controller: AbortController

beforeEach(() => {
  useVirtualTime()
  nowMs = 5_000
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
  broker = new FakeBroker().createTopic('in', 2)
  controller = new AbortController()
})

/** Windows and their delay take half a second here. */
const watchWith = (position: PositionOf) =>
  new IdleWatch(broker.access, 'in', position, 500, controller.signal)
const unknown: PositionOf = async () => undefined
/** Beyond every record of these tests. */
const allRead: PositionOf = async () => ({ 0: 9_999, 1: 9_999 })
const readUpTo =
  (offset: number): PositionOf =>
  async () => ({ 0: offset })

const requests = (kind: Request) => broker.requests.filter((request) => request === kind).length

/** Checks every 100 ms, for at most 10 s; returns after how many ms the stream was idle. */
async function idleAfter(
  watch: IdleWatch,
  each: (ms: number) => void = () => undefined,
): Promise<number | undefined> {
  for (let ms = 0; ms < 10_000; ms += 100) {
    each(ms)
    if (await watch.isIdle()) return ms
    nowMs += 100
  }
  return undefined
}

describe('IdleWatch', () => {
  it.each([
    ['0.6 s if the job has read everything', readUpTo(5), 600],
    ['0.6 s if only offsets without records are left', readUpTo(3), 600],
    ['never while the job has records to read', readUpTo(2), undefined],
    ['never while no batch has committed', async () => ({}), undefined],
    ['never while the position of the job is unknown', unknown, undefined],
  ])('is idle after %s', async (_, position, expected) => {
    const values = ['a', 'b', 'c', 'aborted', 'marker']
    broker.append('in', ...values.map((value) => ({ value }))).remove('in', { offsets: [3n, 4n] })
    const after = await idleAfter(watchWith(position))
    if (expected === undefined) expect(after).toBeUndefined()
    else expect(after).toSatisfy((ms: number) => ms >= expected && ms < expected + 300)
  })

  it.each([
    ['the records that are unread', readUpTo(1), { unread: 2 }],
    ['that it is unknown how many are', unknown, { unread: undefined }],
    ['nothing if all are read', readUpTo(3), undefined],
  ])('says %s', async (_, position, expected) => {
    broker.append('in', { value: 'a' }, { value: 'b' }, { value: 'c' })
    const watch = watchWith(position)
    await watch.isIdle()
    nowMs += 1_000
    expect(watch.rest).toBeUndefined()
    await watch.isIdle()
    expect(watch.rest).toEqual(expected)
    await watch.isIdle()
    expect(watch.rest).toBeUndefined()
  })

  it('passes over offsets without records once', async () => {
    broker.append('in', { value: 'a' }, { value: 'b' }, { value: 'aborted' }).remove('in', { offsets: [2n] })
    const watch = watchWith(async () => ({ 0: 2 }))
    await idleAfter(watch)
    const before = requests('fetch')
    nowMs += 10_000
    expect(await watch.isIdle()).toBe(true)
    expect([before > 0, requests('fetch')]).toEqual([true, before])
  })

  it.each([
    ['the input topic grows', () => broker.append('in', { value: 'x', partition: 1 }), 3_600],
    // The input topic is checked only after the window has settled.
    ['results arrive', (watch: IdleWatch) => watch.resultsRead([{ timestampMs: Date.now() }]), 4_100],
  ])('counts from the last time that %s', async (_, act, expected) => {
    const watch = watchWith(allRead)
    const after = await idleAfter(watch, (ms) => {
      if (ms <= 3_000) act(watch)
    })
    expect(after).toSatisfy((ms: number) => ms >= expected && ms < expected + 300)
  })

  it('waits until a window and its delay have passed since the last result', async () => {
    const watch = new IdleWatch(broker.access, 'in', allRead, 7_000, controller.signal)
    watch.resultsRead([{ timestampMs: Date.now() - 1_000 }])
    expect(await idleAfter(watch)).toSatisfy((ms: number) => ms >= 6_600 && ms < 6_900)
    expect(requests('list-offsets')).toBeLessThanOrEqual(4)
  })

  it('counts a result without a time, or from the future, as written now', async () => {
    for (const timestampMs of [-1, Date.now() + 3_600_000]) {
      const watch = watchWith(allRead)
      watch.resultsRead([{ timestampMs }])
      expect(await idleAfter(watch)).toSatisfy((ms: number) => ms >= 1_100 && ms < 1_400)
    }
  })

  it('counts a result that has just come as written now, if the clock of the broker is behind', async () => {
    const watch = new IdleWatch(broker.access, 'in', allRead, 7_000, controller.signal)
    watch.resultsRead([])
    watch.resultsRead([{ timestampMs: Date.now() - 40_000 }])
    expect(await idleAfter(watch)).toSatisfy((ms: number) => ms >= 7_600 && ms < 7_900)
  })

  it('checks at most four times per second', async () => {
    await idleAfter(watchWith(unknown))
    expect(requests('list-offsets')).toBeLessThanOrEqual(40)
    expect(requests('connect')).toBe(1)
  })

  it('does not request the position during activity', async () => {
    const position = vi.fn(allRead)
    const watch = watchWith(position)
    await idleAfter(watch, (ms) => {
      if (ms < 5_000) watch.resultsRead([{ timestampMs: Date.now() }])
    })
    expect(position).toHaveBeenCalledOnce()
  })

  it('is not idle while the broker is away, and reconnects to it', async () => {
    const after = await idleAfter(watchWith(allRead), (ms) => {
      broker.isUp = ms < 100 || ms > 4_000
    })
    expect(after).toBeGreaterThan(4_000)
    expect(requests('connect')).toBe(2)
  })

  it('is not delayed by a clock that is set back', async () => {
    const after = await idleAfter(watchWith(allRead), (ms) => {
      if (ms === 300) vi.setSystemTime(Date.now() - 3_600_000)
    })
    expect(after).toBeLessThan(900)
  })

  it('fails when the broker refuses', async () => {
    broker.onRequest = (request) => {
      if (request === 'list-offsets') throw protocolError('TOPIC_AUTHORIZATION_FAILED')
    }
    await expect(watchWith(allRead).isIdle()).rejects.toThrow()
  })

  it('ends with the reason of a signal that aborts', async () => {
    broker.onRequest = (request) => {
      if (request !== 'list-offsets') return
      controller.abort(new Error('interrupted by SIGINT'))
      broker.isUp = false
    }
    await expect(watchWith(allRead).isIdle()).rejects.toThrow('interrupted by SIGINT')
  })

  it('opens a new connection after it was closed', async () => {
    const watch = watchWith(unknown)
    await watch.isIdle()
    watch.close()
    watch.close()
    nowMs += 1_000
    await watch.isIdle()
    expect(requests('connect')).toBe(2)
  })
})

describe('isIdle', () => {
  it.each<[StreamActivity, boolean]>([
    [{ inputIdleMs: 1_500, resultsIdleMs: 1_500, lag: 0 }, true],
    [{ inputIdleMs: 9_000, resultsIdleMs: 9_000, lag: undefined }, false],
    [{ inputIdleMs: 9_000, resultsIdleMs: 1_499, lag: 0 }, false],
    [{ inputIdleMs: 9_000, resultsIdleMs: 9_000, lag: 1 }, false],
    [{ inputIdleMs: 600, resultsIdleMs: 1_500, lag: 0 }, true],
    [{ inputIdleMs: 599, resultsIdleMs: 1_500, lag: 0 }, false],
  ])('a stream with %j is idle: %s', (activity, expected) => {
    expect(isIdle(activity, 1_500)).toBe(expected)
  })
})
