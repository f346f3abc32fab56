import { uncompress } from 'snappyjs'

/** Clients on the JVM put snappy into the blocks of the library snappy-java. */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
/** The magic bytes and two version numbers of four bytes. */
const HEADER_BYTES = MAGIC.length + 8

/**
 * Unpacks snappy, bare or in the blocks of snappy-java.
 * @throws Error for damaged data, and for more than `maxBytes`.
 */
export function unpackSnappy(packed: Buffer, maxBytes: number): Buffer {
  if (!packed.subarray(0, MAGIC.length).equals(MAGIC)) return uncompress(packed, maxBytes)
  const blocks: Buffer[] = []
  let rest = maxBytes
  for (let at = HEADER_BYTES; at < packed.length; ) {
    const end = at + 4 + packed.readUInt32BE(at)
    if (end > packed.length) throw new Error('it ends too early')
    const block = uncompress(packed.subarray(at + 4, end), rest)
    blocks.push(block)
    rest -= block.length
    at = end
  }
  return Buffer.concat(blocks)
}
