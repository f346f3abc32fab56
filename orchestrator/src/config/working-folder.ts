import { existsSync } from 'node:fs'
import { CliError } from '../errors.ts'

/** @throws CliError CONFIGURATION when it was removed, or when its path is not UTF-8, so that no file in it can be named. */
export function workingFolder(): string {
  const cwd = currentPath()
  if (cwd !== undefined && existsSync(cwd)) return cwd
  if (cwd?.includes('\ufffd'))
    throw new CliError('CONFIGURATION', `the path of the working folder is not valid UTF-8: ${cwd}`, {
      hint: 'Rename the folder whose name shows \ufffd, or run the command in another one.',
    })
  throw new CliError('CONFIGURATION', 'the working folder does not exist any more', {
    hint: 'Change into a folder that exists.',
  })
}

function currentPath(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}
