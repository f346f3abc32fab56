import type Docker from 'dockerode'
import { CliError, errorMessage } from '../../../errors.ts'
import { withDeadline } from '../../../system/deadline.ts'
import { homeFolder } from '../../../system/home.ts'
import {
  type Address,
  currentContext,
  type Endpoint,
  endpointAddress,
  endpointCandidates,
} from './endpoint.ts'

/** An engine (Docker or Podman) that answered. */
export interface Engine {
  readonly docker: Docker
  readonly endpoint: Endpoint
  readonly version: string
  readonly isPodman: boolean
}

const ANSWER_MS = 1_500

type Environment = Readonly<Record<string, string | undefined>>

/** @throws CliError DOCKER_UNAVAILABLE with the real reason why no engine can be used, and what to do about it. */
export async function connectEngine(env: Environment): Promise<Engine> {
  const surroundings = {
    env,
    home: homeFolder() ?? '/nonexistent',
    platform: process.platform,
    uid: process.getuid?.(),
  }
  const candidates = endpointCandidates(surroundings, await currentContext(surroundings))
  const refusals: Refusal[] = []
  for (const endpoint of candidates) {
    const answer = await tryEndpoint(endpoint)
    if ('docker' in answer) return answer
    refusals.push(answer)
  }
  throw noEngine(refusals)
}

export interface Refusal {
  readonly endpoint: Endpoint
  readonly code: string
  readonly message: string
}

async function tryEndpoint(endpoint: Endpoint): Promise<Engine | Refusal> {
  const address = endpointAddress(endpoint)
  try {
    const docker = await client(endpoint, address)
    const { Version, Components } = (await withDeadline(docker.version(), {
      timeoutMs: ANSWER_MS,
      late: noAnswer,
    })) as { Version: string; Components?: readonly { Name: string }[] }
    const isPodman = Components?.some(({ Name }) => Name.startsWith('Podman')) ?? false
    return { docker, endpoint, version: Version, isPodman }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'UNKNOWN'
    return { endpoint, code, message: errorMessage(error) }
  }
}

// Imported only here: it loads much that the other runtime never needs.
async function client(endpoint: Endpoint, address: Address): Promise<Docker> {
  const { default: Dockerode } = await import('dockerode')
  // Without options, it reads DOCKER_HOST and the certificates in DOCKER_CERT_PATH itself.
  if (endpoint.origin === 'DOCKER_HOST' && !('socketPath' in address)) return new Dockerode()
  return new Dockerode('socketPath' in address ? address : { ...address, protocol: 'http' })
}

const noAnswer = (): Error =>
  Object.assign(new Error(`no answer within ${ANSWER_MS} ms`), { code: 'ETIMEDOUT' })

// Most informative first: one socket that exists explains more than five that do not.
const INFORMATIVE_CODES = ['EACCES', 'EPERM', 'ETIMEDOUT', 'ECONNREFUSED']

/** Why no engine can be used, from what each endpoint answered. */
export function noEngine(refusals: readonly Refusal[]): CliError {
  const known = INFORMATIVE_CODES.flatMap((code) => refusals.filter((refusal) => refusal.code === code))
  const other = refusals.filter(({ code }) => code !== 'ENOENT' && !INFORMATIVE_CODES.includes(code))
  const [best] = [...known, ...other]
  const cause = new Error(refusals.map(({ endpoint, message }) => `${endpoint.url}: ${message}`).join('\n'))
  if (!best) {
    const [only] = refusals
    const where = refusals.length === 1 && only ? ` at ${only.endpoint.url} (${only.endpoint.origin})` : ''
    return new CliError('DOCKER_UNAVAILABLE', `no Docker engine is running${where}`, {
      hint: `${START_HINT} Without Docker, set RUNTIME=local.`,
      cause,
    })
  }
  const { endpoint, code, message } = best
  if (code === 'EACCES' || code === 'EPERM')
    return new CliError(
      'DOCKER_UNAVAILABLE',
      `no permission to use Docker: ${endpoint.url} may not be opened by this user`,
      {
        hint: 'Join the group that owns it: `sudo usermod -aG docker $USER`, then log in again. Or use rootless Docker or Podman, or set RUNTIME=local.',
        cause,
      },
    )
  return new CliError(
    'DOCKER_UNAVAILABLE',
    `Docker does not answer at ${endpoint.url} (${endpoint.origin}): ${message}`,
    {
      hint: START_HINT,
      cause,
    },
  )
}

const START_HINT =
  process.platform === 'linux'
    ? 'Start it with `sudo systemctl start docker` (or `systemctl --user start podman.socket`); see https://docs.docker.com/engine/install/.'
    : 'Start Docker Desktop, and wait until it says that the engine is running.'
