import { Decompress } from 'fzstd'

/** As much as the decoder of Kafka's own clients takes. */
const MAX_WINDOW_BYTES = 128 * 1024 * 1024
const IS_ONE_SEGMENT = 0x20

/**
 * Unpacks zstd.
 * @throws Error for damaged data, and for more than `maxBytes`.
 */
export function unpackZstd(packed: Buffer, maxBytes: number): Buffer {
  if (windowBytes(packed) > Math.min(maxBytes, MAX_WINDOW_BYTES)) throw new Error('its window is too large')
  const chunks: Uint8Array[] = []
  let length = 0
  new Decompress((chunk) => {
    length += chunk.length
    if (length > maxBytes) throw new Error(`it holds more than ${maxBytes} bytes`)
    // The decoder uses its memory again.
    chunks.push(Uint8Array.from(chunk))
  }).push(packed, true)
  return Buffer.concat(chunks)
}

/** How much memory the frame asks for before any of it is unpacked: RFC 8878, section 3.1.1.1. */
function windowBytes(frame: Buffer): number {
  const flags = frame.readUInt8(4)
  if ((flags & IS_ONE_SEGMENT) === 0) {
    const window = frame.readUInt8(5)
    const base = 2 ** (10 + (window >> 3))
    return base + (base / 8) * (window & 7)
  }
  const idBytes = [0, 1, 2, 4][flags & 3] ?? 0
  const at = 5 + idBytes
  switch (flags >> 6) {
    case 0:
      return frame.readUInt8(at)
    case 1:
      return frame.readUInt16LE(at) + 256
    case 2:
      return frame.readUInt32LE(at)
    default:
      return Number(frame.readBigUInt64LE(at))
  }
}
