import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import { FakeBroker, protocolError } from './broker.fixture.ts'
import { followTopic } from './follow-topic.ts'
import type { Position } from './position.ts'

vi.mock('kafkajs', () => import('./kafkajs.fixture.ts'))
vi.mock('node:timers/promises', () => import('../system/virtual-time.fixture.ts'))

let broker: FakeBroker
let notices: string[]

beforeEach(() => {
  useVirtualTime()
  broker = new FakeBroker()
  notices = []
})

/** Follows the topic until `isLastPoll`, called after each poll, returns true; returns the values that arrived. */
async function follow(
  from: Position,
  isLastPoll: (values: readonly string[], polls: number) => boolean,
): Promise<string[]> {
  const controller = new AbortController()
  const values: string[] = []
  let polls = 0
  const options = { from, signal: controller.signal, notice: (line: string) => notices.push(line) }
  for await (const records of followTopic(broker.access, 't', options)) {
    values.push(...records.map(({ value }) => String(value)))
    polls += 1
    if (isLastPoll(values, polls)) controller.abort(new Error('interrupted by SIGINT'))
  }
  return values
}

const EARLIEST = { kind: 'earliest' } as const
const LATEST = { kind: 'latest' } as const
const afterPolls = (count: number) => (_: readonly string[], polls: number) => polls === count

/** `0` to `9`, a second apart, alternating between two partitions. */
function tenRecords(): void {
  broker.createTopic('t', 2)
  for (let second = 0; second < 10; second += 1)
    broker.append('t', { value: String(second), partition: second % 2, timestampMs: second * 1_000 })
}

describe('where followTopic begins', () => {
  beforeEach(tenRecords)

  it.each<[Position, readonly number[]]>([
    [EARLIEST, [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]],
    [LATEST, []],
    [{ kind: 'last', count: 3 }, [8, 7, 9]],
    [{ kind: 'last', count: 0 }, []],
    [{ kind: 'last', count: 99 }, [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]],
    [{ kind: 'since', timeMs: 7_500 }, [8, 9]],
    [{ kind: 'since', timeMs: 99_000 }, []],
  ])('%j', async (from, expected) => {
    expect(await follow(from, afterPolls(2))).toEqual(expected.map(String))
    expect(notices).toEqual([])
  })

  it('reads further back for the last records if compaction has left gaps', async () => {
    broker = new FakeBroker('127.0.0.1:9094').createTopic('t')
    for (let index = 0; index < 40; index += 1)
      broker.append('t', { value: String(index), timestampMs: index })
    const gaps = Array.from({ length: 36 }, (_, index) => BigInt(index + 3))
    broker.remove('t', { offsets: gaps })
    expect(await follow({ kind: 'last', count: 3 }, afterPolls(1))).toEqual(['1', '2', '39'])
  })

  it('yields the last records once, even if new ones arrive meanwhile', async () => {
    let fetches = 0
    broker.onRequest = (request) => {
      if (request === 'fetch' && ++fetches === 1) broker.append('t', { value: 'new', timestampMs: 99_000 })
    }
    const values = await follow({ kind: 'last', count: 1 }, (seen) => seen.length === 2)
    expect(values.toSorted()).toEqual(['9', 'new'])
  })
})

describe('followTopic', () => {
  it('yields each record once, and nothing every 200 ms if none arrives', async () => {
    broker.createTopic('t').append('t', { value: 'a' }, { value: 'b' })
    const startedAt = Date.now()
    const values = await follow(EARLIEST, (_, polls) => {
      if (polls === 3) broker.append('t', { value: 'c' })
      return polls === 6
    })
    expect(values).toEqual(['a', 'b', 'c'])
    expect(Date.now() - startedAt).toBe(4 * 200)
  })

  it('ends without an error when it is interrupted in the middle of a wait', async () => {
    broker.createTopic('t')
    const controller = new AbortController()
    setTimeout(() => controller.abort(new Error('interrupted by SIGINT')), 1_050)
    const options = { from: EARLIEST, signal: controller.signal, notice: expect.fail }
    for await (const records of followTopic(broker.access, 't', options)) expect(records).toEqual([])
    expect(Date.now()).toBe(Date.parse('2026-01-01T00:00:01.050Z'))
  })

  it('does nothing once the signal is aborted', async () => {
    const options = { from: EARLIEST, signal: AbortSignal.abort(), notice: expect.fail }
    for await (const _ of followTopic(broker.access, 't', options)) expect.fail('it yielded records')
    expect(broker.requests).toEqual([])
  })

  it.each([
    ['the broker is away', () => (broker.isUp = false), 'KAFKA_UNREACHABLE'],
    ['the topic is missing', () => broker.createTopic('orders').topics.delete('t'), 'NO_SUCH_TOPIC'],
    [
      'the broker refuses',
      () => {
        broker.onRequest = (request) => {
          if (request === 'metadata') throw protocolError('TOPIC_AUTHORIZATION_FAILED')
        }
      },
      'KAFKA_REFUSED',
    ],
  ])('fails at once when %s from the start', async (_, prepare, code) => {
    broker.createTopic('t')
    prepare()
    await expect(follow(EARLIEST, afterPolls(1))).rejects.toMatchObject({ code })
    expect(notices).toEqual([])
  })

  it('names the existing topics when its own is missing', async () => {
    broker.createTopic('orders').createTopic('__consumer_offsets')
    const error = await follow(EARLIEST, afterPolls(1)).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ hint: expect.stringContaining('orders') })
    expect(error).toMatchObject({ hint: expect.not.stringContaining('__consumer_offsets') })
  })

  it('finds partitions that were added within 15 s, and reads them from their beginning', async () => {
    broker.createTopic('t').append('t', { value: 'old' })
    const startedAt = Date.now()
    const values = await follow(LATEST, (seen, polls) => {
      if (polls === 2) broker.addPartitions('t', 1).append('t', { value: 'new', partition: 1 })
      return seen.length > 0
    })
    expect(values).toEqual(['new'])
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(15_000)
    expect(Date.now() - startedAt).toBeLessThan(16_000)
  })

  it('finds added partitions in the same time if the clock is set back', async () => {
    broker.createTopic('t')
    const startedAt = performance.now()
    await follow(LATEST, (seen, polls) => {
      if (polls === 2) {
        vi.setSystemTime(Date.now() - 60_000)
        broker.addPartitions('t', 1).append('t', { value: 'new', partition: 1 })
      }
      return seen.length > 0
    })
    expect(performance.now() - startedAt).toBeLessThan(16_000)
  })
})

describe('followTopic over an outage', () => {
  beforeEach(() => broker.createTopic('t').append('t', { value: 'a' }, { value: 'b' }))

  /** Takes the broker down after the first poll, and brings it back `ms` later. */
  function outage(ms: number, whileAway: () => unknown = () => undefined) {
    return (_: readonly string[], polls: number): boolean => {
      if (polls === 1) {
        broker.isUp = false
        setTimeout(() => {
          whileAway()
          broker.isUp = true
        }, ms)
      }
      return polls === 3
    }
  }

  it('continues where it stopped, and notes once that the broker is away and once for how long', async () => {
    const back = outage(5_000, () => broker.append('t', { value: 'c' }))
    expect(await follow(EARLIEST, back)).toEqual(['a', 'b', 'c'])
    expect(notices).toEqual([expect.stringContaining('127.0.0.1:9093'), expect.stringMatching(/\b5\.\d s/)])
  })

  it.each([
    [59_000, true],
    [62_000, false],
  ])('after %i ms without a broker, continues: %s', async (ms, continues) => {
    const following = follow(EARLIEST, outage(ms))
    if (continues) await following
    else await expect(following).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' })
  })

  it('measures each outage separately', async () => {
    let outages = 0
    const values = await follow(EARLIEST, (_, polls) => {
      if (polls % 2 === 1) {
        broker.isUp = false
        outages += 1
        setTimeout(() => (broker.isUp = true), 40_000)
      }
      return outages === 3
    })
    expect(values).toEqual(['a', 'b'])
    expect(notices).toHaveLength(4)
  })

  it('reads a topic that was created again from its beginning, and notes that', async () => {
    const back = outage(1_000, () => broker.createTopic('t').append('t', { value: 'A' }))
    expect(await follow(EARLIEST, back)).toEqual(['a', 'b', 'A'])
    expect(notices).toHaveLength(3)
    expect(notices[1]).toMatch(/\bt\b/)
  })

  it('notes how many records were deleted before they could be read', async () => {
    const back = outage(1_000, () => {
      broker.append('t', { value: 'c' }, { value: 'd' }, { value: 'e' }).remove('t', { begin: 4n })
    })
    expect(await follow(EARLIEST, back)).toEqual(['a', 'b', 'e'])
    expect(notices[1]).toMatch(/\b2 .*\bt\b/)
  })

  it('waits for a deleted topic, and names the existing topics when it stays away', async () => {
    const following = follow(EARLIEST, (_, polls) => {
      if (polls === 1) broker.createTopic('orders').topics.delete('t')
      return false
    })
    await expect(following).rejects.toMatchObject({
      code: 'NO_SUCH_TOPIC',
      hint: expect.stringContaining('orders'),
    })
    expect(notices).toEqual([expect.stringContaining('UNKNOWN_TOPIC_OR_PARTITION')])
  })

  it('does not wait after an error that is not transient', async () => {
    const following = follow(EARLIEST, (_, polls) => {
      if (polls === 1)
        broker.onRequest = (request) => {
          if (request === 'fetch') throw protocolError('TOPIC_AUTHORIZATION_FAILED')
        }
      return false
    })
    const startedAt = Date.now()
    await expect(following).rejects.toMatchObject({ code: 'KAFKA_REFUSED' })
    expect(Date.now()).toBe(startedAt)
  })

  it('ends without an error when it is interrupted while the broker is away', async () => {
    const controller = new AbortController()
    const options = {
      from: EARLIEST,
      signal: controller.signal,
      notice: (line: string) => notices.push(line),
    }
    for await (const _ of followTopic(broker.access, 't', options)) {
      broker.isUp = false
      setTimeout(() => controller.abort(new Error('interrupted by SIGINT')), 10_000)
    }
    expect(notices).toHaveLength(1)
    expect(Date.now()).toBe(Date.parse('2026-01-01T00:00:10Z'))
  })
})
