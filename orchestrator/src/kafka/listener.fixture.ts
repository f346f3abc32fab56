import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { onTestFinished } from 'vitest'
import { int32, wireString } from './wire.ts'

// A listener of Kafka as far as a diagnosis uses it: real sockets, and the answers that Kafka 4.3 gives.

export interface ListenerOptions {
  /** Accepts connections, and says nothing. */
  readonly isSilent?: boolean
  /** With TLS: certificate and key. */
  readonly tls?: TlsOptions
  /** Takes a login by these mechanisms, which never comes to its end. */
  readonly mechanisms?: readonly string[]
  /** Advertises this address and not its own. */
  readonly advertised?: { readonly host: string; readonly port: number }
  /** By topic, an error code, or the bits of what a client may do. */
  readonly topics?: Readonly<Record<string, { readonly error: number } | { readonly operations: number }>>
}

/** Listens until the test ends; resolves to the port. */
export async function startListener(options: ListenerOptions = {}): Promise<number> {
  const sockets = new Set<Socket>()
  const serve = (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (options.isSilent) return
    socket.on('data', (bytes) => {
      // Each request comes in one piece, and never with another one.
      const answer = answerTo(bytes, options, port)
      if (answer) socket.write(answer)
      else socket.destroy()
    })
  }
  const server: Server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve)
  server.on('tlsClientError', () => {})
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as { readonly port: number }
  return port
}

function answerTo(bytes: Buffer, options: ListenerOptions, port: number): Buffer | undefined {
  if (bytes.length < 14 || bytes.readInt32BE() !== bytes.length - 4) return undefined
  const [apiKey, version] = [bytes.readInt16BE(4), bytes.readInt16BE(6)]
  const body = bodyOf(apiKey, version, options, port)
  return body && Buffer.concat([int32(4 + body.length), bytes.subarray(8, 12), body])
}

function bodyOf(apiKey: number, version: number, options: ListenerOptions, port: number): Buffer | undefined {
  const { mechanisms, advertised = { host: 'localhost', port }, topics = {} } = options
  if (apiKey === 18)
    return Buffer.concat([
      int16(0),
      array(
        [
          [3, 0, 8],
          [17, 0, 1],
          [18, 0, 2],
          [36, 0, 1],
        ].map((api) => Buffer.concat(api.map(int16))),
      ),
      ...(version > 0 ? [int32(0)] : []),
    ])
  if (apiKey === 17 && mechanisms) return Buffer.concat([int16(33), array(mechanisms.map(wireString))])
  if (apiKey === 17) return Buffer.concat([int16(34), array([])])
  return apiKey === 3 && !mechanisms ? metadataAnswer(advertised, topics) : undefined
}

type AnsweredTopic =
  | { readonly error: number }
  | { readonly operations: number; readonly partitions?: number }

/** The body of an answer to a request for metadata, version 8, of one broker that leads every partition. */
export function metadataAnswer(
  advertised: { readonly host: string; readonly port: number },
  topics: Readonly<Record<string, AnsweredTopic>>,
  clusterId = 'cluster-1',
): Buffer {
  const broker = Buffer.concat([int32(1), wireString(advertised.host), int32(advertised.port), int16(-1)])
  return Buffer.concat([
    int32(0),
    array([broker]),
    wireString(clusterId),
    int32(1),
    array(Object.entries(topics).map(([name, topic]) => topicOf(name, topic))),
    int32(0),
  ])
}

const topicOf = (name: string, topic: AnsweredTopic) =>
  Buffer.concat([
    int16('error' in topic ? topic.error : 0),
    wireString(name),
    Buffer.from([0]),
    array(
      'error' in topic ? [] : Array.from({ length: topic.partitions ?? 1 }, (_, number) => partition(number)),
    ),
    int32('error' in topic ? -(2 ** 31) : topic.operations),
  ])

const array = (items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items])

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

/** Led by broker 1. */
const partition = (number: number) =>
  Buffer.concat([int16(0), ...[number, 1, 0].map(int32), ...[0, 0, 0].map(int32)])
