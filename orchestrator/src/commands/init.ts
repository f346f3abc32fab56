import { chmod, constants, copyFile, readlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CommandRun } from '../cli/command.ts'
import { envExample } from '../config/env-example.ts'
import { checkOverrides } from '../config/load.ts'
import { workingFolder } from '../config/working-folder.ts'
import { CliError, errorMessage } from '../errors.ts'

// It may hold KAFKA_PASSWORD.
const OWNER_ONLY = 0o600

interface Flags {
  readonly force?: boolean
  readonly set?: readonly string[]
}

/** Reads no settings but those of `--set`: it must work even if the others are invalid. */
export const run: CommandRun<Flags> = async ({ output }, _args, { force, set = [] }) => {
  const folder = workingFolder()
  const file = join(folder, '.env')
  const text = envExample(await checkOverrides(set, { folder, environment: process.env }))
  try {
    const backup = force ? await backUp(file) : undefined
    if (backup) output.note(`The old settings are in ${backup}`)
    const target = force ? await removeLink(file) : undefined
    if (target) output.note(`${file} was a link to ${target}, which was not changed`)
    await writeFile(file, text, { mode: OWNER_ONLY, flag: force ? 'w' : 'wx' })
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
  output.note('It lists every setting, with its default in a comment. Next: npx cpu-anomaly up')
}

/** Copies the file, and returns where to; never over an earlier copy. Undefined if there is no such file. */
async function backUp(file: string, nth = 1): Promise<string | undefined> {
  const backup = `${file}.bak${nth === 1 ? '' : `.${nth}`}`
  try {
    await copyFile(file, backup, constants.COPYFILE_EXCL)
    await chmod(backup, OWNER_ONLY)
    return backup
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code === 'EEXIST' && nth < 1_000) return backUp(file, nth + 1)
    throw error
  }
}

/** Removes a link, because a file that it leads to may be others' too; returns its target. Undefined if it is not a link. */
async function removeLink(file: string): Promise<string | undefined> {
  const target = await readlink(file).catch(() => undefined)
  if (target !== undefined) await unlink(file)
  return target
}
