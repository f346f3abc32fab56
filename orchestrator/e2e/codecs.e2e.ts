import { randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readSince } from '../src/kafka/read-range.ts'
import { createTopic, send } from './helpers/kafka.ts'
import { SharedStack } from './helpers/shared-stack.ts'

/** Kafka's number of each codec, in the attributes of a batch. */
const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 }

const shared = new SharedStack('local')

it.each(Object.entries(CODECS))('reads what the broker has compressed with %s', async (codec, number) => {
  const stack = await shared.forTest()
  const topic = `compressed-${codec}`
  await createTopic(stack.broker, topic, { 'compression.type': codec, 'max.message.bytes': '16000000' })
  const values = [...SMALL, ...LARGE]
  for (const batch of [SMALL, LARGE])
    await send(
      stack.broker,
      topic,
      batch.map((value) => ({ key: null, value })),
    )
  expect(await codecOnDisk(stack.folder, topic)).toBe(number)

  const access = { servers: [stack.broker], securityProtocol: 'PLAINTEXT', sasl: undefined, ssl: {} } as const
  const records = await readSince(access, topic, new Map(), new AbortController().signal)
  expect(records.map(({ value }) => value?.toString('base64'))).toEqual(
    values.map((value) => value.toString('base64')),
  )
})

const SMALL = Array.from({ length: 2_000 }, (_, nth) =>
  Buffer.from(`${1_700_000_000_000 + nth},${nth % 100}`),
)
const noise = randomBytes(1_500_000)
/** Larger than any block: noise, noise that comes again, and the same byte again and again. */
const LARGE = [noise, Buffer.concat([noise.subarray(0, 70_000), noise]), Buffer.alloc(4_000_000, 'x')]

/** The codec of the first batch in the topic's file: the attributes are behind 21 other bytes. */
async function codecOnDisk(folder: string, topic: string): Promise<number> {
  const files = await readdir(folder, { recursive: true })
  const file = files.find((name) => name.endsWith(join(`${topic}-0`, '00000000000000000000.log')))
  return (await readFile(join(folder, file ?? ''))).readUInt16BE(21) & 7
}
