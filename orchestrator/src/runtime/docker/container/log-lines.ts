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
  /** Only lines after the last one of an earlier read. */
  readonly after?: LastLine | undefined
}

/** Where a log was read up to. */
export interface LastLine {
  readonly time: string
  /** When the container was last started: after the clock was set back, its lines since then have earlier times. */
  readonly startedAt: string
}

/** Lines of a container's log, stdout and stderr together. */
export async function* readLog(
  container: Docker.Container,
  options: ReadLogOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const isNew = newLines(options.after)
  for await (const line of lines(await openLog(container, options, signal), signal)) {
    const parsed = splitTime(line)
    if (isNew(parsed)) yield parsed
  }
}

/** Tells, line by line, whether a line comes after that one in the log. Times alone do not: see `LastLine`. */
export function newLines(after: LastLine | undefined): (line: LogLine) => boolean {
  let isPast = after === undefined
  return ({ time }) => {
    const isNew = isPast || time > (after?.time ?? '')
    isPast ||= isNew || time === after?.time
    return isNew
  }
}

/** From when on to ask the engine for lines, in seconds since 1970. */
export const firstSecond = ({ time, startedAt }: LastLine, nowMs: number): number =>
  Math.floor(Date.parse(Date.parse(time) > nowMs ? startedAt : time) / 1_000)

async function openLog(
  container: Docker.Container,
  { tail, follow, after }: ReadLogOptions,
  signal: AbortSignal,
): Promise<PassThrough> {
  const common = {
    stdout: true,
    stderr: true,
    timestamps: true,
    ...(after ? { since: firstSecond(after, Date.now()) } : tail === undefined ? {} : { tail }),
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
