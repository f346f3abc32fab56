import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandRun } from '../cli/command.ts'
import { envExample } from '../config/env-example.ts'
import { CliError, errorMessage } from '../errors.ts'

// It may hold KAFKA_PASSWORD.
const OWNER_ONLY = 0o600

interface Flags {
  readonly force?: boolean
}

/** Does not read the settings: it must work even if they are invalid. */
export const run: CommandRun<Flags> = async ({ output }, _args, { force }) => {
  const file = join(process.cwd(), '.env')
  try {
    if (force && (await backUp(file))) output.note(`The old settings are in ${file}.bak`)
    await writeFile(file, envExample(), { mode: OWNER_ONLY, flag: force ? 'w' : 'wx' })
    await chmod(file, OWNER_ONLY) // one that was there keeps its mode
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CliError('FILE_EXISTS', `${file} already exists and was not changed`, {
        hint: 'Edit it, or replace it with `cpu-anomaly init --force` (the old one is kept as .env.bak).',
      })
    throw new CliError('STORAGE', `cannot write ${file}: ${errorMessage(error)}`, {
      hint: 'Check the permissions of this folder.',
      cause: error,
    })
  }
  output.result(`wrote ${file}`)
  output.note('Keep .env and .env.bak out of version control: they may hold KAFKA_PASSWORD.')
  output.note('It lists every setting with its default. Next: npx cpu-anomaly up')
}

/** Returns false if there is no such file. */
async function backUp(file: string): Promise<boolean> {
  try {
    await copyFile(file, `${file}.bak`)
    await chmod(`${file}.bak`, OWNER_ONLY)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
