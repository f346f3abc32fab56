import { join } from 'node:path'
import { CliError } from '../../../errors.ts'
import { packageRoot } from '../../../package/root.ts'
import { type Command, run, tryRun } from '../../../system/run.ts'
import type { Engine } from '../engine/engine.ts'

/** Compose, as the docker command's plugin or as a program of its own. */
export interface Compose {
  readonly command: Command
  readonly version: string
}

// 2.23.1 brought `content` of configs, which carries the login into the broker's container.
const WANTED = [2, 23, 1] as const
// 2.29 brought `--progress json`.
const JSON_PROGRESS = [2, 29, 0] as const

const PLUGIN: Command = ['docker', ['compose']]
const STANDALONE: Command = ['docker-compose', []]

/** @throws CliError TOOL_MISSING: found, wanted, how to install. */
export async function findCompose(): Promise<Compose> {
  const seen: string[] = []
  for (const command of [PLUGIN, STANDALONE]) {
    const version = await composeVersion(command)
    if (version && isAtLeast(version, WANTED)) return { command, version }
    if (version) seen.push(`${[command[0], ...command[1]].join(' ')} ${version}`)
  }
  throw composeMissing(seen, (await tryRun(['docker', ['--version']], { timeoutMs: 5_000 })) !== undefined)
}

async function composeVersion([program, args]: Command): Promise<string | undefined> {
  const result = await tryRun([program, [...args, 'version', '--short']], { timeoutMs: 5_000 })
  return result?.stdout.trim().replace(/^v/, '') || undefined
}

/** Why there is no compose to use. */
export function composeMissing(seen: readonly string[], hasDocker: boolean): CliError {
  const wanted = `Docker Compose ${WANTED.join('.')} or newer is needed`
  const [old] = seen
  const install =
    'Install the plugin: https://docs.docker.com/compose/install/linux/ (package docker-compose-plugin or docker-compose-v2).'
  if (old) {
    const generation = / 1\./.test(old) ? ', of the first generation, which is no longer maintained' : ''
    return new CliError('TOOL_MISSING', `found ${old}${generation}; ${wanted}`, { hint: install })
  }
  if (hasDocker)
    return new CliError('TOOL_MISSING', `docker has no compose command; ${wanted}`, { hint: install })
  return new CliError('TOOL_MISSING', `the docker command is not installed; it and ${wanted}`, {
    hint: 'Install Docker: https://docs.docker.com/engine/install/. Without it, set RUNTIME=local.',
  })
}

export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const found = version.split(/[.+-]/).map(Number)
  for (const [index, part] of wanted.entries()) {
    const difference = (found[index] || 0) - part
    if (difference !== 0) return difference > 0
  }
  return true
}

export interface ComposeRun {
  readonly project: string
  readonly env: Readonly<Record<string, string>>
  readonly engine: Engine
  readonly signal: AbortSignal
  /** Gets each line that compose prints. */
  readonly onLine: (line: string) => void
}

/** Creates and starts what is not running; returns when every service is healthy. */
export async function composeUp({ command, version }: Compose, options: ComposeRun): Promise<void> {
  const [program, args] = command
  const progress = isAtLeast(version, JSON_PROGRESS) ? 'json' : 'plain'
  const files = ['-f', join(packageRoot, 'docker-compose.yml'), '--env-file', '/dev/null']
  await run(
    [program, [...args, '--progress', progress, '-p', options.project, ...files, 'up', '-d', '--wait']],
    {
      // Settings come from here alone: compose would read .env by rules of its own.
      env: { ...options.env, DOCKER_HOST: options.engine.endpoint.url },
      signal: options.signal,
      onLine: options.onLine,
      failAs: 'CLUSTER_UNREACHABLE',
    },
  )
}
