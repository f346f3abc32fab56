import { bytesOf, keyOf, type RecordLine } from './line.ts'

/** The value of a Kafka record, and the number of samples in it, one per line. */
export interface PackedRecord {
  readonly value: Buffer
  readonly samples: number
  /** Undefined: the key of all records. */
  readonly key?: string | undefined
}

const NEWLINE = Buffer.from('\n')
const WHITESPACE: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'))

/**
 * Packs several samples into one record, one per line: `count` of them, or fewer if they would exceed `limitBytes` (a
 * broker refuses larger records). The job ignores whitespace at the end of a record, so a blank line that would come
 * last gets a record of its own: it is then counted as it would be without packing. A record has one key, and the
 * order of the lines is kept: where the key changes, a record ends.
 */
export class RecordPacker {
  readonly #count: number
  readonly #limitBytes: number
  #lines: Buffer[] = []
  #bytes = 0
  #key: string | undefined

  constructor(count: number, limitBytes: number) {
    this.#count = count
    this.#limitBytes = limitBytes
  }

  /** Consumes the lines as records are requested; lines that do not fill a record wait for the next call. */
  *add(lines: readonly RecordLine[]): Generator<PackedRecord> {
    for (const line of lines) {
      const [bytes, key] = [bytesOf(line), keyOf(line)]
      if (key !== this.#key || this.#bytes + bytes.length > this.#limitBytes) yield* this.flush()
      this.#key = key
      this.#lines.push(bytes)
      this.#bytes += bytes.length + NEWLINE.length
      if (this.#lines.length === this.#count) yield* this.flush()
    }
  }

  /** Packs the lines that have not filled a record. */
  *flush(): Generator<PackedRecord> {
    const lines = this.#lines
    this.#lines = []
    this.#bytes = 0
    const end = lines.findLastIndex((line) => !isBlank(line)) + 1
    const key = this.#key
    if (end > 0) yield { value: joinLines(lines.slice(0, end)), samples: end, key }
    for (const value of lines.slice(end)) yield { value, samples: 1, key }
  }
}

const isBlank = (line: Buffer): boolean => line.every((byte) => WHITESPACE.has(byte))

function joinLines(lines: readonly Buffer[]): Buffer {
  const [only] = lines
  if (lines.length === 1 && only) return only
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line])))
}

export interface RequestSizeLimits {
  readonly records: number
  readonly bytes: number
  /** Bytes that each record adds to those of its value. */
  readonly overhead: number
}

/** Groups records into requests within these limits. */
export function* groupByRequest(
  records: Iterable<PackedRecord>,
  limits: RequestSizeLimits,
): Generator<PackedRecord[]> {
  let request: PackedRecord[] = []
  let bytes = 0
  for (const record of records) {
    const size = record.value.length + Buffer.byteLength(record.key ?? '') + limits.overhead
    if (request.length === limits.records || (request.length > 0 && bytes + size > limits.bytes)) {
      yield request
      request = []
      bytes = 0
    }
    request.push(record)
    bytes += size
  }
  if (request.length > 0) yield request
}
