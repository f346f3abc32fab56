import { CliError, errorMessage } from '../../errors.ts'
import { parseJson } from '../../system/json.ts'
import type { Login } from './login.ts'

/** The API answered, and refused: a CliError whose sentence says what. */
export class ApiRefusal extends CliError {
  readonly status: number
  /** Kubernetes' own word: NotFound, Forbidden, Conflict. */
  readonly reason: string

  constructor(status: number, asked: string, body: string, login: Login) {
    const { message = body.slice(0, 300), reason = '' } = (parseJson(body) ?? {}) as {
      message?: string
      reason?: string
    }
    super('CLUSTER_REFUSED', sentence(status, asked, message, login), { hint: hint(status) })
    this.status = status
    this.reason = reason
  }
}

function sentence(status: number, asked: string, message: string, { url, who }: Login): string {
  if (status === 401) return `${url} does not accept the login of ${who}`
  if (status === 403) return `${url} refuses it: ${message}`
  return `${url} answered ${status} to ${asked}: ${message}`
}

function hint(status: number): string {
  if (status === 401)
    return 'Log in again, as your cluster wants it; `kubectl get pods` must work with this kubeconfig.'
  if (status === 403)
    return '`cpu-anomaly doctor` lists the rights that are missing, and the commands that give them.'
  return 'See what is there with `kubectl get all`, and `cpu-anomaly doctor`.'
}

const NOT_TRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** No answer: the network, TLS, or a program of the kubeconfig that should log in. */
export function unreachable(url: string, error: unknown): CliError {
  if (error instanceof CliError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const options = { cause: error }
  if (NOT_TRUSTED.has(code) || code === 'CERT_HAS_EXPIRED')
    return new CliError(
      'CLUSTER_UNREACHABLE',
      `the certificate of ${url} is not trusted: ${errorMessage(error)}`,
      {
        ...options,
        hint: 'The kubeconfig needs the certificate authority of this cluster: certificate-authority, or certificate-authority-data.',
      },
    )
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return new CliError(
      'CLUSTER_UNREACHABLE',
      `${url} shows the certificate of another host: ${errorMessage(error)}`,
      {
        ...options,
        hint: 'Write one of its names in SPARK_MASTER and in the kubeconfig, or set tls-server-name there.',
      },
    )
  return new CliError(
    'CLUSTER_UNREACHABLE',
    `no Kubernetes API answers at ${url}: ${code || errorMessage(error)}`,
    {
      ...options,
      hint: 'Correct SPARK_MASTER in .env, or open the way to the API server (VPN, proxy, firewall).',
    },
  )
}
