import { createInterface } from 'node:readline'
import { PassThrough } from 'node:stream'
import type Docker from 'dockerode'

export interface LogLine {
  /** When the engine received it: RFC 3339 with nanoseconds, which sorts as text. */
  readonly time: string
  readonly text: string
}

export interface ReadLogOptions {
  /** How many of the last lines to start with; undefined for all. */
  readonly tail: number | undefined
  readonly follow: boolean
  /** Only lines after this time. */
  readonly since?: string | undefined
}

/** Lines of a container's log, stdout and stderr together. */
export async function* readLog(
  container: Docker.Container,
  { tail, follow, since }: ReadLogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  for await (const line of lines(await openLog(container, { tail, follow, since }, signal), signal)) {
    const parsed = splitTime(line)
    if (!since || parsed.time > since) yield parsed
  }
}

async function openLog(
  container: Docker.Container,
  { tail, follow, since }: ReadLogOptions,
  signal: AbortSignal,
): Promise<PassThrough> {
  const common = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(since ? { since: Math.floor(Date.parse(since) / 1000) } : tail === undefined ? {} : { tail }),
  }
  const merged = new PassThrough()
  if (!follow) {
    const all = (await container.logs({ ...common, follow: false })) as unknown as Buffer
    const source = new PassThrough()
    container.modem.demuxStream(source, merged, merged)
    source.once('end', () => merged.end())
    source.end(all)
    return merged
  }
  const stream = (await container.logs({
    ...common,
    follow: true,
    abortSignal: signal,
  })) as NodeJS.ReadableStream
  container.modem.demuxStream(stream, merged, merged)
  for (const event of ['end', 'close', 'error']) stream.once(event, () => merged.end())
  return merged
}

async function* lines(stream: PassThrough, signal: AbortSignal): AsyncGenerator<string> {
  const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })
  const stop = () => stream.end()
  signal.addEventListener('abort', stop, { once: true })
  try {
    for await (const line of reader) {
      if (signal.aborted) return
      yield line
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stream.destroy()
  }
}

/** Splits `2026-01-02T03:04:05.000000006Z text`, a line as the engine writes it with its time. */
export function splitTime(line: string): LogLine {
  const [, time, text] = line.match(/^(\d{4}-\d\d-\d\dT\S+) ?(.*)$/s) ?? []
  return time ? { time, text: text ?? '' } : { time: '', text: line }
}
