import { join } from 'node:path'
import { CliError } from '../../../errors.ts'
import { packageRoot } from '../../../package/root.ts'
import { childEnvironment } from '../../../system/child-environment.ts'
import { type Command, run, tryRun } from '../../../system/run.ts'
import type { Engine } from '../engine/engine.ts'

/** Docker Compose: the docker command's plugin, or a program of its own. */
export interface Compose {
  readonly command: Command
  readonly version: string
}

// Since 2.23.1, configs have `content`, which brings the login into the broker's container.
const WANTED = [2, 23, 1] as const
// Since 2.29, compose has `--progress json`.
const JSON_PROGRESS = [2, 29, 0] as const

/** For a question about its version. */
const ANSWER_MS = 20_000

const PLUGIN: Command = ['docker', ['compose']]
const STANDALONE: Command = ['docker-compose', []]

/** @throws CliError TOOL_MISSING with the version found, the version needed and how to install it. */
export async function findCompose(): Promise<Compose> {
  const tooOld: string[] = []
  for (const command of [PLUGIN, STANDALONE]) {
    const version = await composeVersion(command)
    if (version && isAtLeast(version, WANTED)) return { command, version }
    if (version) tooOld.push(`${[command[0], ...command[1]].join(' ')} ${version}`)
  }
  throw composeMissing(
    tooOld,
    (await tryRun(['docker', ['--version']], { timeoutMs: ANSWER_MS })) !== undefined,
  )
}

async function composeVersion([program, args]: Command): Promise<string | undefined> {
  const result = await tryRun([program, [...args, 'version', '--short']], {
    env: childEnvironment('docker'),
    timeoutMs: ANSWER_MS,
  })
  return result?.stdout.trim().replace(/^v/, '') || undefined
}

/** The error for a missing or outdated Compose; `tooOld` holds the commands that were found, with their versions. */
export function composeMissing(tooOld: readonly string[], hasDocker: boolean): CliError {
  const wanted = `Docker Compose ${WANTED.join('.')} or newer`
  const [old] = tooOld
  const install =
    'Install the plugin: https://docs.docker.com/compose/install/linux/ (package docker-compose-plugin or docker-compose-v2).'
  if (old) {
    const generation = / 1\./.test(old) ? ', of the first generation, which is no longer maintained' : ''
    return new CliError('TOOL_MISSING', `found ${old}${generation}; the docker runtime needs ${wanted}`, {
      hint: install,
    })
  }
  if (hasDocker)
    return new CliError('TOOL_MISSING', `docker has no compose command; the docker runtime needs ${wanted}`, {
      hint: install,
    })
  return new CliError(
    'TOOL_MISSING',
    `the docker command is not installed; the docker runtime needs it and ${wanted}`,
    {
      hint: 'Install Docker: https://docs.docker.com/engine/install/. Without it, set RUNTIME=local.',
    },
  )
}

export function isAtLeast(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(/[.+-]/).map(Number)
  for (const [index, minimum] of wanted.entries()) {
    const difference = (parts[index] || 0) - minimum
    if (difference !== 0) return difference > 0
  }
  return true
}

export interface ComposeRun {
  readonly project: string
  readonly env: Readonly<Record<string, string>>
  readonly engine: Engine
  /** Of the package: the first is docker-compose.yml, the others are laid over it. */
  readonly files: readonly string[]
  /** Only these are started, and what they depend on. */
  readonly services: readonly string[]
  readonly signal: AbortSignal
  /** Called with each line that compose prints. */
  readonly onLine: (line: string) => void
}

/** Creates and starts those services that do not run; returns once all are healthy. */
export async function composeUp({ command, version }: Compose, options: ComposeRun): Promise<void> {
  const [program, args] = command
  const progress = isAtLeast(version, JSON_PROGRESS) ? 'json' : 'plain'
  const files = options.files.flatMap((file) => ['-f', join(packageRoot, file)])
  const project = ['-p', options.project, ...files, '--env-file', '/dev/null']
  await run(
    [program, [...args, '--progress', progress, ...project, 'up', '-d', '--wait', ...options.services]],
    {
      // All settings come from here: compose would parse .env by rules of its own.
      env: {
        ...childEnvironment('docker'),
        ...options.env,
        DOCKER_HOST: options.engine.endpoint.url,
      },
      signal: options.signal,
      onLine: options.onLine,
      failAs: 'CLUSTER_UNREACHABLE',
    },
  )
}
