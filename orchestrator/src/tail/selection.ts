import { STATUSES, type Status } from '../anomaly/record.ts'
import { CliError } from '../errors.ts'

export interface SelectionFlags {
  readonly all?: boolean
  readonly status?: string
}

/**
 * The statuses to show: WARN and ERROR unless asked otherwise.
 * @throws CliError USAGE
 */
export function selectedStatuses({ all, status }: SelectionFlags): ReadonlySet<Status> {
  if (all && status !== undefined)
    throw new CliError('USAGE', '--all and --status contradict each other', { hint: 'Give one of them.' })
  if (all) return new Set(STATUSES)
  if (status === undefined) return new Set(['WARN', 'ERROR'])
  return new Set(status.split(',').map(parseStatus))
}

function parseStatus(text: string): Status {
  const found = STATUSES.find((status) => status === text.trim().toUpperCase())
  if (found) return found
  throw new CliError('USAGE', `--status: ${text.trim() || 'an empty name'} is no status`, {
    hint: 'Give one or more of safe, warn and error, separated by commas.',
  })
}
