import { CLIENT_ID } from './client-config.ts'

// The few requests of Kafka's protocol that kafkajs does not make, or whose answers it does not show.

const CORRELATION_ID = 1

/** A request as it is sent, with its length before it. */
function wireRequest(apiKey: number, apiVersion: number, body: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(8)
  header.writeInt16BE(apiKey, 0)
  header.writeInt16BE(apiVersion, 2)
  header.writeInt32BE(CORRELATION_ID, 4)
  const request = Buffer.concat([header, wireString(CLIENT_ID), body])
  return Buffer.concat([int32(request.length), request])
}

/** Which versions of which requests a broker knows: the one that every listener answers before a login. */
export const API_VERSIONS = wireRequest(18, 0)

/** Begins a login with this mechanism. */
export const saslHandshake = (mechanism: string): Buffer => wireRequest(17, 1, wireString(mechanism))

export interface HandshakeAnswer {
  readonly errorCode: number
  readonly mechanisms: readonly string[]
}

export const readHandshake = (answer: WireReader): HandshakeAnswer => ({
  errorCode: answer.int16(),
  mechanisms: answer.array(() => answer.string() ?? ''),
})

/** The error code of a listener that takes no login. */
export const ILLEGAL_SASL_STATE = 34

/** The answer that these bytes begin with; undefined as long as it is incomplete. @throws Error for what is no answer. */
export function readAnswer(bytes: Buffer): WireReader | undefined {
  if (bytes.length < 4) return undefined
  const length = bytes.readInt32BE()
  if (length < 4 || length > MAX_ANSWER_BYTES) throw new Error('what answers there is not Kafka')
  if (bytes.length < 4 + length) return undefined
  const answer = new WireReader(bytes.subarray(4, 4 + length))
  if (answer.int32() !== CORRELATION_ID) throw new Error('what answers there is not Kafka')
  return answer
}

const MAX_ANSWER_BYTES = 1024 * 1024

export function wireString(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** Reads an answer, field by field. */
export class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  boolean(): boolean {
    this.#at += 1
    return this.#bytes.readInt8(this.#at - 1) !== 0
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  string(): string | undefined {
    const length = this.int16()
    if (length < 0) return undefined
    this.#at += length
    return this.#bytes.toString('utf8', this.#at - length, this.#at)
  }

  array<T>(item: () => T): T[] {
    return Array.from({ length: Math.max(this.int32(), 0) }, item)
  }
}
