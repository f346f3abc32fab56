import type { Sighting } from './sighting.ts'

const COMPRESSED: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['lz4', [0x04, 0x22, 0x4d, 0x18]],
  ['snappy', [0xff, 0x06, 0x00, 0x00, 0x73]],
  ['snappy', [0x82, 0x53, 0x4e, 0x41, 0x50]],
]

const AVRO_FILE = [0x4f, 0x62, 0x6a, 0x01]
const SCHEMA_ID_BYTES = 4

const binary = (name: string, advice: string): Sighting => ({ name, advice, samples: [], remarks: [] })

/** What a value that is not text looks like; undefined if it may be text. */
export function recogniseBinary(value: Buffer): Sighting | undefined {
  const compressed = COMPRESSED.find(([, magic]) => beginsWith(value, magic))?.[0]
  if (compressed)
    return binary(
      `values that the producer has compressed itself (${compressed})`,
      "switch that compression off at the agent (such as content_encoding): Kafka's own compression_codec does the same, and the job reads it",
    )
  if (beginsWith(value, AVRO_FILE) || (value[0] === 0 && value.length > 1 + SCHEMA_ID_BYTES))
    return binary(
      'avro, or another format of a schema registry (magic byte 0)',
      'let the producer write JSON without a schema registry, and set INPUT_FORMAT=json',
    )
  if (isProtobuf(value))
    return binary(
      'otlp_proto (protobuf)',
      "set `encoding: otlp_json` at the Collector's Kafka exporter, and INPUT_FORMAT=otlp-json here",
    )
  return isText(value) ? undefined : binary('binary data', 'let the producer write text: CSV, JSON or influx')
}

const beginsWith = (value: Buffer, magic: readonly number[]): boolean =>
  value.length >= magic.length && magic.every((byte, index) => value[index] === byte)

/** OTLP is a sequence of ResourceMetrics: field 1, each with its length and with a resource (1) or scope (2) inside. */
function isProtobuf(value: Buffer): boolean {
  if (value[0] !== 0x0a) return false
  const [length, at] = varint(value, 1)
  const inner = value[at]
  const end = at + length
  return (
    (inner === 0x0a || inner === 0x12) &&
    length > 1 &&
    end <= value.length &&
    (end === value.length || value[end] === 0x0a)
  )
}

/** The number, and the offset after it. */
function varint(value: Buffer, from: number): [number: number, at: number] {
  let number = 0
  let at = from
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = value[at] ?? 0
    at += 1
    number |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  return [number, at]
}

function isText(value: Buffer): boolean {
  if (value.includes(0)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(value)
    return true
  } catch {
    return false
  }
}
