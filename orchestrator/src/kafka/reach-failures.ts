import { CliError, errorMessage } from '../errors.ts'
import type { KafkaAccess } from './access.ts'
import { hintFor, type Remedy } from './error-hints.ts'
import { NETWORK_CAUSES } from './errors.ts'
import { tlsTrouble } from './tls-trouble.ts'

/** Where a client came by the address of a broker. */
export type Origin = 'named' | 'advertised'

export interface Place {
  readonly access: KafkaAccess
  readonly server: string
  readonly origin: Origin
}

const REMEDIES: Readonly<Record<string, Remedy>> = {
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  EHOSTUNREACH: 'filtered',
  ENETUNREACH: 'filtered',
  ETIMEDOUT: 'filtered',
}

/** An error of Node in words. */
export function explainFailure(error: unknown, place: Place): CliError {
  if (error instanceof CliError) return error
  const message = errorMessage(error)
  const code = codeOf(error)
  const trouble = tlsTrouble(code, message, place.access.ssl)
  if (trouble) return unreachable(place, trouble.why, trouble.remedy, error)
  const why = NETWORK_CAUSES[code] ?? message
  return unreachable(place, why, REMEDIES[code] ?? (code === 'CLOSED' ? 'closed' : 'unreachable'), error)
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  if (error.name === 'TimeoutError') return 'ETIMEDOUT'
  return String((error as { code?: unknown }).code ?? '')
}

export function unreachable(place: Place, why: string, remedy: Remedy, cause?: unknown): CliError {
  const { access, server, origin } = place
  const at = origin === 'named' ? `${server} of KAFKA_SERVERS` : `${server}, which the cluster advertises`
  return new CliError('KAFKA_UNREACHABLE', `no Kafka at ${at}: ${why}`, {
    hint: hintFor(origin === 'advertised' && remedy !== 'names' ? 'advertised' : remedy, access),
    cause,
  })
}
