import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandRun } from '../cli/command.ts'
import { envExample } from '../config/env-example.ts'
import { CliError, errorMessage } from '../errors.ts'

interface Flags {
  readonly force?: boolean
}

/** Does not read the settings: it must work where they are broken. */
export const run: CommandRun<Flags> = async ({ output }, _args, { force }) => {
  const file = join(process.cwd(), '.env')
  try {
    if (force && (await keepOld(file))) output.note(`The old settings are kept: ${file}.bak`)
    // Only for its owner: it may come to hold KAFKA_PASSWORD.
    await writeFile(file, envExample(), { mode: 0o600, flag: force ? 'w' : 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CliError('FILE_EXISTS', `${file} exists already and was left as it is`, {
        hint: 'Edit it, or replace it with `cpu-anomaly init --force` (the old one is kept as .env.bak).',
      })
    throw new CliError('STORAGE', `cannot write ${file}: ${errorMessage(error)}`, {
      hint: 'Check the permissions of this folder.',
      cause: error,
    })
  }
  output.result(`wrote ${file}`)
  output.note('Every setting stands there with its default. Next: npx cpu-anomaly up')
}

/** False when there was none. */
async function keepOld(file: string): Promise<boolean> {
  try {
    await copyFile(file, `${file}.bak`)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
