import { CliError } from '../errors.ts'

/** What a step found at one server, or why it failed there. */
export interface Outcome {
  readonly server: string
  readonly found: Finding | CliError
}

export interface Finding {
  /** Follows the name of the server and a colon. */
  readonly text: string
  /** How long the server took. */
  readonly ms?: number
}

/** One line: servers of which the same was found are named together, and not at all if that are all. */
export function findingsText(outcomes: readonly Outcome[]): string {
  const byText = new Map<string, { readonly servers: string[]; readonly times: number[] }>()
  for (const { server, found } of outcomes) {
    if (found instanceof CliError) continue
    const group = byText.get(found.text) ?? { servers: [], times: [] }
    group.servers.push(server)
    if (found.ms !== undefined) group.times.push(Math.ceil(found.ms))
    byText.set(found.text, group)
  }
  return [...byText]
    .map(([text, { servers, times }]) => {
      const duration = times.length > 0 ? ` (in ${times.join(', ')} ms)` : ''
      const who =
        servers.length > 1 && servers.length === outcomes.length ? each(servers.length) : servers.join(', ')
      return `${who}: ${text}${duration}`
    })
    .join('; ')
}

const each = (count: number): string => `each of the ${count} servers`

/** The failures of a step, each reason once, with all the servers that it is true of; undefined if there are none. */
export function failureOf(outcomes: readonly Outcome[]): CliError | undefined {
  const byReason = new Map<string, { readonly error: CliError; readonly others: string[] }>()
  for (const { server, found } of outcomes) {
    if (!(found instanceof CliError)) continue
    const reason = found.message.replaceAll(server, '')
    const known = byReason.get(reason)
    if (known) known.others.push(server)
    else byReason.set(reason, { error: found, others: [] })
  }
  const failures = [...byReason.values()]
  const [first] = failures
  if (!first) return undefined
  const sentences = failures.map(({ error, others }) =>
    others.length > 0 ? `${error.message} (the same at ${others.join(', ')})` : error.message,
  )
  return new CliError(first.error.code, sentences.join('\n'), {
    hint: [...new Set(failures.map(({ error }) => error.hint ?? ''))].join('\n'),
    cause: first.error,
  })
}
