const FRAME = 0x184d2204
const SKIPPABLE = 0x184d2a50
const HAS_BLOCK_CHECKSUMS = 0x10
const HAS_CONTENT_SIZE = 0x08
const HAS_CONTENT_CHECKSUM = 0x04
const HAS_DICTIONARY = 0x01
const IS_STORED = 0x80000000

const MIN_MATCH = 4

/**
 * Unpacks LZ4 frames, in the format of lz4_Frame_format.md: also several frames, blocks that refer to the one before,
 * and checksums, which it passes over (Kafka's first clients computed them wrongly).
 * @throws Error for damaged data, and for more than `maxBytes`.
 */
export function unpackLz4(packed: Buffer, maxBytes: number): Buffer {
  const input = new Input(packed)
  const output = new Output(maxBytes)
  while (!input.isAtEnd) unpackFrame(input, output)
  return output.bytes()
}

function unpackFrame(input: Input, output: Output): void {
  const magic = input.uint32()
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) return void input.take(input.uint32())
  if (magic !== FRAME) throw new Error('no LZ4 frame begins here')
  const flags = input.byte()
  if (flags >> 6 !== 1) throw new Error(`version ${flags >> 6} of the frame format is unknown`)
  if (flags & HAS_DICTIONARY) throw new Error('it needs a dictionary')
  const blockBytes = 1 << (8 + 2 * ((input.byte() >> 4) & 7))
  input.take((flags & HAS_CONTENT_SIZE ? 8 : 0) + 1)
  const frameStart = output.length
  for (let size = input.uint32(); size !== 0; size = input.uint32()) {
    const block = input.take((size & ~IS_STORED) >>> 0)
    const limit = output.reserve(blockBytes)
    if (size & IS_STORED) output.append(block, limit)
    else unpackBlock(new Input(block), output, frameStart, limit)
    if (flags & HAS_BLOCK_CHECKSUMS) input.take(4)
  }
  if (flags & HAS_CONTENT_CHECKSUM) input.take(4)
}

/** A block is a sequence of literals and matches; the last sequence has literals only. */
function unpackBlock(block: Input, output: Output, frameStart: number, limit: number): void {
  while (!block.isAtEnd) {
    const token = block.byte()
    output.append(block.take(block.length(token >> 4)), limit)
    if (block.isAtEnd) return
    const distance = block.byte() | (block.byte() << 8)
    const length = block.length(token & 0xf) + MIN_MATCH
    if (distance === 0 || distance > output.length - frameStart)
      throw new Error('a match begins before the data')
    output.repeat(distance, length, limit)
  }
}

class Input {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new Error('it ends too early')
    this.#at += 1
    return byte
  }

  uint32(): number {
    return this.take(4).readUInt32LE()
  }

  /** A length of four bits, which goes on in further bytes if it does not fit. */
  length(start: number): number {
    let length = start
    if (start !== 0xf) return length
    for (let byte = 0xff; byte === 0xff; length += byte) byte = this.byte()
    return length
  }

  take(count: number): Buffer {
    if (count > this.#bytes.length - this.#at) throw new Error('it ends too early')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }
}

/** Grows as needed, and never beyond its limit. */
class Output {
  readonly #maxBytes: number
  #buffer = Buffer.alloc(0)
  length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  /** Makes room for so many bytes; returns where they end at the latest. */
  reserve(count: number): number {
    const limit = Math.min(this.length + count, this.#maxBytes)
    if (limit > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(Math.max(limit, 2 * this.#buffer.length), this.#maxBytes))
      this.#buffer.copy(larger, 0, 0, this.length)
      this.#buffer = larger
    }
    return limit
  }

  append(bytes: Buffer, limit: number): void {
    this.#claim(bytes.length, limit)
    bytes.copy(this.#buffer, this.length)
    this.length += bytes.length
  }

  /** Appends what is `distance` bytes back; a match that is longer than this repeats itself. */
  repeat(distance: number, length: number, limit: number): void {
    this.#claim(length, limit)
    const end = this.length + length
    for (let from = this.length - distance; this.length < end; ) {
      const count = Math.min(this.length - from, end - this.length)
      this.#buffer.copyWithin(this.length, from, from + count)
      this.length += count
    }
  }

  #claim(count: number, limit: number): void {
    if (this.length + count > limit) throw new Error('it holds more than it may')
  }
}
