import { resolve } from 'node:path'
import type { CommandRun } from '../cli/command.ts'
import type { Config } from '../config/config.ts'
import { workingFolder } from '../config/working-folder.ts'
import { CliError } from '../errors.ts'
import { javaClientSecrets } from '../kafka/java-client.ts'
import { renderKubernetes, renderSecret } from '../render/kubernetes.ts'
import { type Rendering, requireShareable, type Target } from '../render/rendering.ts'
import { renderSparkOperator } from '../render/spark-operator.ts'
import { renderSparkSubmit } from '../render/spark-submit.ts'
import { writeRendering } from '../render/write.ts'

interface Flags {
  readonly target?: Target
  readonly output?: string
  readonly secret?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

/** Needs no broker and no cluster. */
export const run: CommandRun<Flags> = async ({ config, output }, _args, flags) => {
  const { target, output: folder, secret, force = false, json } = flags
  if (target === undefined)
    throw usage('--target is missing', 'Add --target kubernetes, spark-submit or spark-operator.')
  if (secret ? folder !== undefined || force || json : folder === undefined)
    throw secret
      ? usage(
          '--secret prints to standard output, and writes no files',
          'Leave --output, --force and --json out.',
        )
      : usage('--output is missing', 'Add --output DIR, or --secret to print the secrets.')
  const settings = await config()
  if (folder === undefined) return output.result(secretOf(target, settings).trimEnd())
  const path = resolve(workingFolder(), folder)
  const { files, remarks } = await RENDER[target](settings)
  for (const line of remarks) output.note(line)
  await writeRendering(path, files, force)
  if (json) output.json({ target, folder: path, files: files.map((file) => file.path) })
  else output.result(`wrote ${files.length} files to ${path}; its README.md says how to start the job`)
}

const RENDER: Readonly<Record<Target, (config: Config) => Promise<Rendering>>> = {
  kubernetes: renderKubernetes,
  'spark-submit': renderSparkSubmit,
  'spark-operator': renderSparkOperator,
}

/** Secrets are in no file: they go through a pipe. */
const secretOf = (target: Target, config: Config): string =>
  target === 'spark-submit'
    ? JSON.stringify(javaClientSecrets(requireShareable(config).kafka))
    : renderSecret(config)

const usage = (message: string, hint: string): CliError => new CliError('USAGE', message, { hint })
