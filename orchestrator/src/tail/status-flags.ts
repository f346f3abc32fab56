import { STATUSES, type Status } from '../anomaly/result.ts'
import { CliError } from '../errors.ts'

export interface StatusFlags {
  readonly all?: boolean
  readonly status?: string
}

/**
 * Returns the statuses to show: WARN and ERROR by default.
 * @throws CliError USAGE for contradictory flags and for an unknown status.
 */
export function selectStatuses({ all, status }: StatusFlags): ReadonlySet<Status> {
  if (all && status !== undefined)
    throw new CliError('USAGE', '--all and --status contradict each other', { hint: 'Use one or the other.' })
  if (all) return new Set(STATUSES)
  if (status === undefined) return new Set(['WARN', 'ERROR'])
  return new Set(status.split(',').map(parseStatus))
}

function parseStatus(text: string): Status {
  const name = text.trim()
  const status = STATUSES.find((known) => known === name.toUpperCase())
  if (status) return status
  throw new CliError('USAGE', `--status: unknown status ${JSON.stringify(name)}`, {
    hint: 'Use one or more of safe, warn and error, separated by commas.',
  })
}
