import { parseJson } from '../../../system/json.ts'

/** One line of `docker compose --progress json`. */
export interface ComposeEvent {
  readonly id: string
  readonly parent: string
  readonly status: string
  readonly current: number
  readonly total: number
}

export type ComposeLine =
  | { readonly event: ComposeEvent }
  | { readonly error: string }
  | { readonly text: string }

/** A line of compose's output: an event, an error, or other text. */
export function parseComposeLine(line: string): ComposeLine {
  const parsed = parseObject(line)
  if (!parsed) return { text: line }
  if (parsed.error === true) return { error: text(parsed.message) }
  const status = text(parsed.text) || text(parsed.status) // while pulling, `status` is a drawn bar
  return {
    event: {
      id: text(parsed.id),
      parent: text(parsed.parent_id),
      status,
      current: Number(parsed.current ?? 0),
      total: Number(parsed.total ?? 0),
    },
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function parseObject(line: string): Record<string, unknown> | undefined {
  const value = parseJson(line)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

/** What compose is doing, from all of its events so far. */
export class ComposeProgress {
  readonly errors: string[] = []
  readonly #containers = new Map<string, string>()
  readonly #layers = new Map<string, ComposeEvent>()
  readonly #project: string

  constructor(project: string) {
    this.#project = project
  }

  add(line: string): void {
    const parsed = parseComposeLine(line)
    if ('error' in parsed) this.errors.push(parsed.error)
    if (!('event' in parsed)) return
    const { event } = parsed
    const container = event.id.match(/^Container (.+)$/)?.[1]
    if (container) this.#containers.set(this.#shortName(container), event.status.toLowerCase())
    else if (event.total > 0 || this.#layers.has(event.id)) this.#layers.set(event.id, event)
  }

  /** A short line for a person: how much of the images has arrived, or the state of each container. */
  toString(): string {
    const pull = this.#pullText()
    if (pull) return pull
    return [...this.#containers].map(([name, status]) => `${name} ${status}`).join(', ')
  }

  #shortName(container: string): string {
    const own = container.startsWith(`${this.#project}-`)
      ? container.slice(this.#project.length + 1)
      : container
    return own.replace(/-1$/, '')
  }

  #pullText(): string {
    const layers = [...this.#layers.values()]
    const running = layers.filter(({ status }) => /^(Downloading|Extracting|Pulling)/.test(status))
    if (running.length === 0) return ''
    const sum = (of: (layer: ComposeEvent) => number) => layers.reduce((total, layer) => total + of(layer), 0)
    const done = sum(({ status, current, total }) => (/^Downloading|^Pulling/.test(status) ? current : total))
    const doing = running.some(({ status }) => !status.startsWith('Extracting')) ? 'downloading' : 'unpacking'
    return `${doing} images: ${Math.round(done / 1e6)} of ${Math.round(sum(({ total }) => total) / 1e6)} MB`
  }
}
