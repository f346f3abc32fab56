import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../../errors.ts'
import { packageRoot } from '../../paths.ts'

const FOLDERS = [join(packageRoot, 'infra', 'docker'), join(packageRoot, 'infra', 'kafka')]
const READ_BY_OTHERS = 0o004

/**
 * The files that containers get by bind mount must be readable by the users of the images, who are nobody here.
 * @throws CliError STORAGE, as a strict umask at the time of installation leaves it.
 */
export async function requireMountedFiles(): Promise<void> {
  if (process.platform === 'win32') return
  for (const folder of FOLDERS)
    for (const name of await readdir(folder)) {
      const file = join(folder, name)
      if (((await stat(file)).mode & READ_BY_OTHERS) !== 0) continue
      throw new CliError('STORAGE', `${file} cannot be read by the users of the containers`, {
        hint: `Let others read what they mount: chmod -R o+rX ${join(packageRoot, 'infra')}`,
      })
    }
}
