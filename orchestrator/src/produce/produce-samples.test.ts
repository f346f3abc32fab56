import { beforeEach, describe, expect, it, vi } from 'vitest'
import { CliError } from '../errors.ts'
import { FakeBroker, protocolError } from '../kafka/broker.fixture.ts'
import { useVirtualTime } from '../system/virtual-time.fixture.ts'
import type { RecordLine } from './line.ts'
import { countText, produceSamples } from './produce-samples.ts'

vi.mock('kafkajs', () => import('../kafka/kafkajs.fixture.ts'))

let broker: FakeBroker
let controller: AbortController

beforeEach(() => {
  broker = new FakeBroker().createTopic('in')
  controller = new AbortController()
})

async function* chunks(...parts: readonly (readonly string[])[]): AsyncGenerator<Buffer[]> {
  for (const part of parts) yield part.map((value) => Buffer.from(value))
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `${index},1`)
const produce = (values: AsyncIterable<readonly RecordLine[]>, options: object = {}) =>
  produceSamples(broker.access, 'in', values, { key: 'rack-7', signal: controller.signal, ...options })

const pairs = { counting: { noun: 'sample', batch: 2 } } as const

/** Calls `work` at the nth produce request. */
function atRequest(nth: number, work: () => unknown): void {
  let requests = 0
  broker.onRequest = (request) => (request === 'produce' && ++requests === nth ? work() : undefined)
}

describe('produceSamples', () => {
  it('sends every value once, in order, with the key', async () => {
    expect(await produce(chunks(['a', 'b'], [], ['c']))).toMatchObject({ samples: 3, records: 3 })
    expect(broker.values('in')).toEqual(['a', 'b', 'c'])
    expect(broker.records('in').every(({ key }) => String(key) === 'rack-7')).toBe(true)
  })

  it('puts several samples into a record, and the rest into a last one', async () => {
    expect(await produce(chunks(['a', 'b'], ['c', 'd', 'e']), pairs)).toMatchObject({
      samples: 5,
      records: 3,
    })
    expect(broker.values('in')).toEqual(['a\nb', 'c\nd', 'e'])
  })

  it('keeps requests small, and reports after each how much is acknowledged', async () => {
    const onAcknowledged = vi.fn()
    await produce(chunks(numbered(1_500)), { onAcknowledged })
    expect(broker.journal).toEqual(['produce 700 to in', 'produce 700 to in', 'produce 100 to in'])
    expect(onAcknowledged.mock.calls).toEqual([
      [700, 700],
      [1_400, 1_400],
      [1_500, 1_500],
    ])
  })

  it('says where the samples are, in ranges of records that carry the same number', async () => {
    const { ranges } = await produce(chunks(numbered(2_805)), pairs)
    expect(ranges).toEqual([
      { partition: 0, from: 0n, to: 1_402n, samples: 2_804 },
      { partition: 0, from: 1_402n, to: 1_403n, samples: 1 },
    ])
  })

  it('sends lines with keys of their own in their order, and says where each partition has them', async () => {
    broker.createTopic('in', 4)
    const keyed = (key: string, value: string) => ({ bytes: Buffer.from(value), key })
    const lines = [keyed('a', '1'), keyed('b', '2'), keyed('a', '3'), keyed('c', '4'), Buffer.from('5')]
    const values = (async function* () {
      yield lines
    })()
    const { ranges, samples } = await produce(values)
    expect(samples).toBe(5)
    const { partitions } = broker.topic('in')
    const at = ({ partition, from, to }: (typeof ranges)[number]) =>
      partitions[partition]?.records.filter(({ offset }) => offset >= from && offset < to) ?? []
    const found = ranges.flatMap(at).map(({ key, value }) => `${key} ${value}`)
    expect(found.toSorted()).toEqual(['a 1', 'a 3', 'b 2', 'c 4', 'rack-7 5'])
    expect(ranges.reduce((sum, range) => sum + range.samples, 0)).toBe(5)
    expect(new Set(ranges.map(({ partition }) => partition)).size).toBe(ranges.length)
  })

  it('stays below the megabyte per request that a broker accepts', async () => {
    const half = 'x'.repeat(440_000)
    await produce(chunks([half, half, half]))
    expect(broker.journal).toEqual(['produce 2 to in', 'produce 1 to in'])
  })

  it('measures only the seconds of the sending itself', async () => {
    useVirtualTime()
    broker.onRequest = (request) =>
      new Promise((resolve) => setTimeout(resolve, request === 'produce' ? 2_000 : 3_000))
    expect(await produce(chunks(['a']))).toMatchObject({ seconds: 2 })
  })

  it('sends nothing from an empty source', async () => {
    expect(await produce(chunks())).toMatchObject({ samples: 0, records: 0 })
    expect(broker.journal).toEqual([])
  })

  it('names the existing topics when its own is missing, before it reads the source', async () => {
    broker.createTopic('orders').topics.delete('in')
    const source = { [Symbol.asyncIterator]: expect.fail }
    await expect(produce(source)).rejects.toMatchObject({
      code: 'NO_SUCH_TOPIC',
      hint: expect.stringContaining('orders'),
    })
  })

  it.each([
    [
      'goes away',
      () => (broker.isUp = false),
      'KAFKA_UNREACHABLE',
      'before; up to 700 more may have arrived',
    ],
    [
      'refuses',
      () => {
        throw protocolError('TOPIC_AUTHORIZATION_FAILED')
      },
      'KAFKA_REFUSED',
      'before',
    ],
    [
      'has lost the topic',
      () => {
        throw protocolError('UNKNOWN_TOPIC_OR_PARTITION')
      },
      'NO_SUCH_TOPIC',
      'before',
    ],
  ])('reports how much was acknowledged when the broker %s', async (_, happens, code, end) => {
    atRequest(2, happens)
    await expect(produce(chunks(numbered(1_500)))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`700 samples were acknowledged ${end}$`)),
    })
  })

  it('passes on an error of the source', async () => {
    const source = (async function* () {
      yield [Buffer.from('a')]
      throw new CliError('USAGE', 'not CSV')
    })()
    await expect(produce(source)).rejects.toMatchObject({ code: 'USAGE', message: 'not CSV' })
  })
})

describe('produceSamples after Ctrl-C', () => {
  const interrupt = () => controller.abort(new Error('interrupted by SIGINT'))

  it('completes the request in flight, and begins no other', async () => {
    atRequest(2, interrupt)
    expect(await produce(chunks(numbered(2_100)))).toMatchObject({ records: 1_400 })
    expect(broker.values('in')).toHaveLength(1_400)
  })

  it('sends the samples that it has read from a source that ended', async () => {
    const source = (async function* () {
      yield [Buffer.from('a'), Buffer.from('b')]
      interrupt()
    })()
    expect(await produce(source, { counting: { noun: 'sample', batch: 10 } })).toMatchObject({
      samples: 2,
      records: 1,
    })
    expect(broker.values('in')).toEqual(['a\nb'])
  })

  it('ends even if the source is idle', async () => {
    const source = (async function* () {
      yield [Buffer.from('a')]
      setImmediate(interrupt)
      await new Promise(() => undefined)
    })()
    expect(await produce(source)).toMatchObject({ records: 1 })
  })

  it('waits two more seconds for a broker that does not answer', async () => {
    useVirtualTime()
    atRequest(2, () => {
      interrupt()
      return new Promise(() => undefined)
    })
    const startedAt = Date.now()
    expect(await produce(chunks(numbered(2_801)), pairs)).toMatchObject({
      records: 700,
      unacknowledged: 1_400,
    })
    expect(Date.now() - startedAt).toBe(2_000)
    expect(broker.requests.filter((request) => request === 'produce')).toHaveLength(2)
  })
})

describe('countText', () => {
  it.each([
    [undefined, /^7\b(?!.*\b7\b)/],
    [1, /^7\b(?!.*\b7\b)/],
    [100, /^12\b.*\b7\b/],
  ])('counts records too if a record may carry several samples: batches of %s', (batch, expected) => {
    const counting = batch === undefined ? undefined : ({ noun: 'sample', batch } as const)
    expect(countText({ samples: batch === 100 ? 12 : 7, records: 7 }, counting)).toMatch(expected)
  })
})
