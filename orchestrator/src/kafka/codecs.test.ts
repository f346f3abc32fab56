import kafkajs from 'kafkajs'
import { compress } from 'snappyjs'
import { describe, expect, it } from 'vitest'
import { codecOf, registerCodecs } from './codecs.ts'
import { unpackLz4 } from './unpack-lz4.ts'
import { unpackSnappy } from './unpack-snappy.ts'
import { unpackZstd } from './unpack-zstd.ts'

const { CompressionCodecs, CompressionTypes } = kafkajs
const MAX = 1 << 20

/** What a broker (Kafka 4.3) has made of a batch of two records in topics with these values of compression.type. */
const FROM_BROKER = {
  GZIP: '1f8b08000000000000ffb3626060e02a4f4dd2355431343780024323631d43233d5306238617ec4c8c483266201963a00c0072c20e5638000000',
  Snappy:
    '82534e415050590000000001000000010000002e38343a0000000a7765622d31243137300d01383132332c31322e35003200e80702011d1a203632332c31332e3500',
  LZ4: '04224d186040822e000000e33a0000000a7765622d31243137300100f7003132332c31322e35003200e80702011a00903632332c31332e350000000000',
  ZSTD: '28b52ffd00586c010024023a0000000a7765622d31243137303132332c31322e35003200e807020136332e3500030020083d4d9d0125010000',
} as const
const packedBy = (name: keyof typeof FROM_BROKER) => Buffer.from(FROM_BROKER[name], 'hex')
const RECORDS = Buffer.from(
  '3a0000000a7765622d3124313730303030303030303132332c31322e35003200e807020124313730303030303030303632332c31332e3500',
  'hex',
)

const LINES = Buffer.from('1700000000000,1\n'.repeat(5_000))
/** LINES by the program lz4 -BD -BX --content-size: two blocks, of which the second refers to the first, and every checksum. */
const LINKED = Buffer.from(
  'BCJNGFxAgDgBAAAAAABaEwEAADYxNzABAD8sMQoQAP/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////YUDAwLDEKIaXPWUsAAAAmMTf//08wLDEKEAD//////////////////////////////////////////////////////////////////////////5BQMDAsMQpwoehcAAAAAO6rPHA=',
  'base64',
)
/** LINES by the program zstd: its size is known (one segment), and there is a checksum. */
const ONE_SEGMENT = Buffer.from('KLUv/aSAOAEAhQAAMDE3MCwxCgIAbTgz84DBEPKRuS0=', 'base64')

it.each(['GZIP', 'Snappy', 'LZ4', 'ZSTD'] as const)(
  'kafkajs reads what a broker compresses with %s',
  async (name) => {
    registerCodecs()
    const codec = CompressionCodecs[CompressionTypes[name]]()
    expect(await codec.decompress(packedBy(name))).toEqual(RECORDS)
    await expect(codec.compress()).rejects.toThrow(/only reads/)
  },
)

describe('the framings of other producers', () => {
  const xerial = (...blocks: readonly Buffer[]) =>
    Buffer.concat([
      Buffer.from('82534e41505059000000000100000001', 'hex'),
      ...blocks.flatMap((block) => [uint32(block.length), block]),
    ])
  const uint32 = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return bytes
  }
  const skippable = Buffer.from('502a4d1803000000010203', 'hex')

  it.each([
    ['snappy without blocks (librdkafka)', unpackSnappy, compress(LINES), LINES],
    ['snappy in several blocks', unpackSnappy, xerial(compress(LINES), compress(LINES)), twice(LINES)],
    ['lz4 in blocks that refer to the one before, with checksums', unpackLz4, LINKED, LINES],
    ['lz4 in several frames', unpackLz4, Buffer.concat([LINKED, skippable, LINKED]), twice(LINES)],
    ['zstd with its size', unpackZstd, ONE_SEGMENT, LINES],
  ])('%s', (_, unpack, packed, expected) => {
    expect(unpack(packed, MAX).equals(expected)).toBe(true)
  })
})

const twice = (bytes: Buffer) => Buffer.concat([bytes, bytes])

describe('of damaged data, there is an error or a result, soon', () => {
  it.each([
    ['snappy', unpackSnappy, packedBy('Snappy')],
    ['lz4', unpackLz4, packedBy('LZ4')],
    ['zstd', unpackZstd, packedBy('ZSTD')],
    ['lz4 in linked blocks', unpackLz4, LINKED],
    ['zstd in one segment', unpackZstd, ONE_SEGMENT],
  ])('%s', (_, unpack, packed) => {
    for (let at = 0; at < packed.length; at += 1) {
      for (const bit of [1, 0x10, 0x80]) {
        const damaged = Buffer.from(packed)
        damaged[at] = (packed[at] ?? 0) ^ bit
        expect(outcome(() => unpack(damaged, MAX))).toBeLessThanOrEqual(MAX)
      }
      expect(outcome(() => unpack(packed.subarray(0, at), MAX))).toBeLessThanOrEqual(MAX)
    }
  })

  /** How many bytes came of it. */
  function outcome(work: () => Buffer): number {
    try {
      return work().length
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      return 0
    }
  }
})

describe('a batch that would take too much memory', () => {
  it.each([
    ['snappy', unpackSnappy, compress(LINES), /too big/],
    ['lz4', unpackLz4, LINKED, /more than it may/],
    ['zstd', unpackZstd, packedBy('ZSTD'), /window is too large/],
    ['zstd in one segment', unpackZstd, ONE_SEGMENT, /window is too large/],
  ])('is refused: %s', (_, unpack, packed, why) => {
    expect(() => unpack(packed, LINES.length - 1)).toThrow(why)
  })
})

it('names codec and reason of what cannot be unpacked', async () => {
  await expect(codecOf('lz4', unpackLz4).decompress(Buffer.from('no frame'))).rejects.toMatchObject({
    code: 'KAFKA_REFUSED',
    message: 'records that are compressed with lz4 cannot be unpacked: no LZ4 frame begins here',
  })
})
