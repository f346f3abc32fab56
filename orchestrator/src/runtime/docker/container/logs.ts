import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogOptions } from '../../../system/follow-file.ts'
import { type FoundContainer, isNotFound } from './found.ts'
import { type LogLine, readLog } from './log-lines.ts'

const LOOK_AGAIN_MS = 500

/** Finds the containers to read; called again and again while following, as containers end and come back. */
export type FindContainers = () => Promise<readonly FoundContainer[]>

/** Lines of the logs of some containers; each with its container's name where there are several. */
export function containerLogs(
  find: FindContainers,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<string> {
  return options.follow ? followLogs(find, options.lines, signal) : lastLogLines(find, options.lines, signal)
}

async function* lastLogLines(
  find: FindContainers,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  if (count === 0) return
  const found = await find()
  const all: LogLine[] = []
  for (const entry of found)
    for await (const line of readLog(entry.container, { tail: count, follow: false }, signal))
      all.push({ time: line.time, text: labelled(entry, line.text, found.length) })
  if (found.length > 1) all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  for (const { text } of all.slice(-count)) yield text
}

function labelled({ service, info }: FoundContainer, text: string, containers: number): string {
  const number = info.Name.match(/-(\d+)$/)?.[1]
  return containers > 1 ? `${service}${number ? `-${number}` : ''} | ${text}` : text
}

async function* followLogs(find: FindContainers, count: number, signal: AbortSignal): AsyncGenerator<string> {
  const follower = new LogFollower(find, signal)
  follower.run(count).then(
    () => follower.lines.end(),
    (error: Error) => follower.lines.destroy(error),
  )
  for await (const line of follower.lines) yield String(line)
}

/** Reads on when a container was started again, and takes in those that are made later. */
class LogFollower {
  readonly lines = new PassThrough({ objectMode: true })
  readonly #find: FindContainers
  readonly #signal: AbortSignal
  readonly #reading = new Set<string>()
  /** Time of the last line of each container that was read. */
  readonly #times = new Map<string, string>()

  constructor(find: FindContainers, signal: AbortSignal) {
    this.#find = find
    this.#signal = signal
  }

  async run(firstLines: number): Promise<void> {
    let tail: number | undefined = firstLines
    while (!this.#signal.aborted) {
      const found = await this.#find()
      for (const entry of found) this.#readOn(entry, tail, found.length)
      tail = undefined // what is made later is read from its beginning
      await delay(LOOK_AGAIN_MS, undefined, { signal: this.#signal }).catch(() => undefined)
    }
  }

  #readOn(entry: FoundContainer, tail: number | undefined, containers: number): void {
    const { Id, State } = entry.info
    if (this.#reading.has(Id) || (this.#times.has(Id) && !State.Running)) return
    this.#reading.add(Id)
    this.#read(entry, tail, containers)
      .catch((error: Error) => {
        // A container that vanishes ends its log.
        if (!isNotFound(error) && !this.#signal.aborted) this.lines.destroy(error)
      })
      .finally(() => this.#reading.delete(Id))
  }

  async #read(entry: FoundContainer, tail: number | undefined, containers: number): Promise<void> {
    const { Id } = entry.info
    const since = this.#times.get(Id)
    this.#times.set(Id, since ?? '')
    for await (const { time, text } of readLog(
      entry.container,
      { tail, follow: true, since },
      this.#signal,
    )) {
      this.#times.set(Id, time)
      this.lines.write(labelled(entry, text, containers))
    }
  }
}
