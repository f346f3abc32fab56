/** One Kafka record's value and how many samples, one a line, are in it. */
export interface Packed {
  readonly value: Buffer
  readonly samples: number
}

const NEWLINE = Buffer.from('\n')
const BLANKS: ReadonlySet<number> = new Set(Buffer.from(' \t\r\n'))

/**
 * Puts several samples, one a line, into one record: `count` of them, or fewer where they would take more than
 * `limitBytes` (a broker refuses larger records). Blanks at the end of a record are no line to the job, so a blank line
 * that would come last goes into a record of its own: it is accounted for as it is without packing.
 */
export class RecordPacker {
  readonly #count: number
  readonly #limitBytes: number
  #lines: Buffer[] = []
  #bytes = 0

  constructor(count: number, limitBytes: number) {
    this.#count = count
    this.#limitBytes = limitBytes
  }

  /** Takes lines one after the other as it is asked for records; what makes no full one stays for the next call. */
  *add(lines: readonly Buffer[]): Generator<Packed> {
    for (const line of lines) {
      if (this.#bytes + line.length > this.#limitBytes) yield* this.rest()
      this.#lines.push(line)
      this.#bytes += line.length + NEWLINE.length
      if (this.#lines.length === this.#count) yield* this.rest()
    }
  }

  /** What has not made a full record so far. */
  *rest(): Generator<Packed> {
    const lines = this.#lines
    this.#lines = []
    this.#bytes = 0
    const end = lines.findLastIndex((line) => !isBlank(line)) + 1
    if (end > 0) yield { value: joined(lines.slice(0, end)), samples: end }
    for (const value of lines.slice(end)) yield { value, samples: 1 }
  }
}

const isBlank = (line: Buffer): boolean => line.every((byte) => BLANKS.has(byte))

function joined(lines: readonly Buffer[]): Buffer {
  const [only] = lines
  if (lines.length === 1 && only) return only
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [NEWLINE, line])))
}

/** Records in portions that a broker takes in one request: so many at most, and so many bytes with what each adds. */
export function* portions(
  records: Iterable<Packed>,
  limits: { readonly records: number; readonly bytes: number; readonly overhead: number },
): Generator<Packed[]> {
  let portion: Packed[] = []
  let bytes = 0
  for (const record of records) {
    const size = record.value.length + limits.overhead
    if (portion.length === limits.records || (portion.length > 0 && bytes + size > limits.bytes)) {
      yield portion
      portion = []
      bytes = 0
    }
    portion.push(record)
    bytes += size
  }
  if (portion.length > 0) yield portion
}
