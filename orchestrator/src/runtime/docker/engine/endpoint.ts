import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { CliError } from '../../../errors.ts'
import { parseJson } from '../../../system/json.ts'

/** Where a container engine may listen. */
export interface Endpoint {
  /** As in DOCKER_HOST: `unix:///var/run/docker.sock`, `npipe://...`, `tcp://127.0.0.1:2375`. */
  readonly url: string
  /** Where this endpoint comes from, for messages. */
  readonly origin: string
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly platform: NodeJS.Platform
  /** Numeric id of the user, if the system has such ids. */
  readonly uid: number | undefined
}

export interface DockerContext {
  readonly name: string
  readonly host: string
}

/** Where an engine may listen, most likely first. What the user named (DOCKER_HOST, a context) is the only candidate. */
export function endpointCandidates(
  surroundings: Surroundings,
  context: DockerContext | undefined,
): Endpoint[] {
  const { env, home, platform, uid } = surroundings
  if (env.DOCKER_HOST) return [{ url: env.DOCKER_HOST, origin: 'DOCKER_HOST' }]
  if (context) return [{ url: context.host, origin: `the Docker context ${context.name}` }]
  if (platform === 'win32') return [{ url: 'npipe:////./pipe/docker_engine', origin: 'its standard pipe' }]
  const own = env.XDG_RUNTIME_DIR ?? (uid === undefined ? undefined : `/run/user/${uid}`)
  return [
    { url: 'unix:///var/run/docker.sock', origin: 'its standard socket' },
    ...(own ? [{ url: `unix://${own}/docker.sock`, origin: "rootless Docker's socket" }] : []),
    { url: `unix://${home}/.docker/run/docker.sock`, origin: "Docker Desktop's socket" },
    ...(own ? [{ url: `unix://${own}/podman/podman.sock`, origin: "Podman's socket" }] : []),
    { url: 'unix:///run/podman/podman.sock', origin: "Podman's system socket" },
  ]
}

const configSchema = z.object({ currentContext: z.string().optional() })
const contextSchema = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) })

/**
 * The context that the docker command would use; undefined for the default one.
 * @throws CliError CONFIGURATION for a context that does not exist.
 */
export async function currentContext({ env, home }: Surroundings): Promise<DockerContext | undefined> {
  const dir = env.DOCKER_CONFIG || join(home, '.docker')
  const name =
    env.DOCKER_CONTEXT ||
    configSchema.safeParse(await readJson(join(dir, 'config.json'))).data?.currentContext
  if (!name || name === 'default') return undefined
  const id = createHash('sha256').update(name).digest('hex')
  const meta = contextSchema.safeParse(await readJson(join(dir, 'contexts', 'meta', id, 'meta.json')))
  if (meta.success) return { name, host: meta.data.Endpoints.docker.Host }
  throw new CliError('CONFIGURATION', `the Docker context ${name} does not exist`, {
    hint: 'See `docker context ls`, and choose one with `docker context use`, or unset DOCKER_CONTEXT.',
  })
}

async function readJson(path: string): Promise<unknown> {
  // If it is missing or unreadable, the docker command takes the default too.
  return parseJson(await readFile(path, 'utf8').catch(() => ''))
}

export type Address = { readonly socketPath: string } | { readonly host: string; readonly port: number }

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * An endpoint as an address to connect to.
 * @throws CliError CONFIGURATION for an engine on another machine, whose ports and folders would not be here.
 */
export function endpointAddress({ url, origin }: Endpoint): Address {
  if (url.startsWith('unix://')) return { socketPath: url.slice('unix://'.length) }
  if (url.startsWith('npipe://')) return { socketPath: url.slice('npipe://'.length).replaceAll('/', '\\') }
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed && /^(tcp|https?):$/.test(parsed.protocol) && LOOPBACK.has(parsed.hostname))
    return { host: parsed.hostname, port: Number(parsed.port || 2375) }
  throw new CliError(
    'CONFIGURATION',
    `${origin} names an engine on another machine: ${parsed ? parsed.host || url : url}`,
    {
      hint: 'The docker runtime publishes its ports on 127.0.0.1 of the machine where the engine runs: run cpu-anomaly there, use an engine on this machine, or set RUNTIME=local.',
    },
  )
}
