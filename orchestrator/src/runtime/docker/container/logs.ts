import { PassThrough } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { LogOptions } from '../../../system/follow-file.ts'
import { type InspectedContainer, isNotFound } from './inspect.ts'
import { type LogLine, readLog } from './log-lines.ts'

const POLL_MS = 500

/** Finds the containers to read; called repeatedly while following, because containers stop and restart. */
export type FindContainers = () => Promise<readonly InspectedContainer[]>

/** Lines of some containers' logs; if there are several containers, each line starts with its container's name. */
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
  const containers = await find()
  const all: LogLine[] = []
  for (const entry of containers)
    for await (const line of readLog(entry.container, { tail: count, follow: false }, signal))
      all.push({ time: line.time, text: labelled(entry, line.text, containers.length) })
  if (containers.length > 1) all.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
  for (const { text } of all.slice(-count)) yield text
}

function labelled({ service, info }: InspectedContainer, text: string, count: number): string {
  const number = info.Name.match(/-(\d+)$/)?.[1]
  return count > 1 ? `${service}${number ? `-${number}` : ''} | ${text}` : text
}

async function* followLogs(find: FindContainers, count: number, signal: AbortSignal): AsyncGenerator<string> {
  const follower = new LogFollower(find, signal)
  follower.run(count).then(
    () => follower.lines.end(),
    (error: Error) => follower.lines.destroy(error),
  )
  for await (const line of follower.lines) yield String(line)
}

/** Continues when a container restarts, and includes containers that are created later. */
class LogFollower {
  readonly lines = new PassThrough({ objectMode: true })
  readonly #find: FindContainers
  readonly #signal: AbortSignal
  readonly #reading = new Set<string>()
  /** Time of the last line that was read, per container. */
  readonly #times = new Map<string, string>()

  constructor(find: FindContainers, signal: AbortSignal) {
    this.#find = find
    this.#signal = signal
  }

  async run(firstLines: number): Promise<void> {
    let tail: number | undefined = firstLines
    while (!this.#signal.aborted) {
      const containers = await this.#find()
      for (const entry of containers) this.#readOn(entry, tail, containers.length)
      tail = undefined // a container that is created later is read from its beginning
      await delay(POLL_MS, undefined, { signal: this.#signal }).catch(() => undefined)
    }
  }

  #readOn(entry: InspectedContainer, tail: number | undefined, count: number): void {
    const { Id, State } = entry.info
    if (this.#reading.has(Id) || (this.#times.has(Id) && !State.Running)) return
    this.#reading.add(Id)
    this.#read(entry, tail, count)
      .catch((error: Error) => {
        // A container's log ends when the container is removed.
        if (!isNotFound(error) && !this.#signal.aborted) this.lines.destroy(error)
      })
      .finally(() => this.#reading.delete(Id))
  }

  async #read(entry: InspectedContainer, tail: number | undefined, count: number): Promise<void> {
    const { Id, State } = entry.info
    const last = this.#times.get(Id)
    const after = last ? { time: last, startedAt: State.StartedAt } : undefined
    this.#times.set(Id, last ?? '')
    const options = { tail, follow: true, after }
    for await (const { time, text } of readLog(entry.container, options, this.#signal)) {
      this.#times.set(Id, time)
      this.lines.write(labelled(entry, text, count))
    }
  }
}
