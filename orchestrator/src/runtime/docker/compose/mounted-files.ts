import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { CliError } from '../../../errors.ts'
import { packageRoot } from '../../../package/root.ts'

const READ_BY_OTHERS = 0o004
const PACKAGE = /^\$\{CPU_ANOMALY_PACKAGE[^}]*\}/

const composeFile = z.object({
  services: z.record(
    z.string(),
    z.object({ volumes: z.array(z.object({ type: z.string(), source: z.string() })).default([]) }),
  ),
})

/**
 * Checks that containers can use the files that they mount: the users of the images do not exist on this machine, and bash
 * takes a carriage return for a part of the command.
 * @throws CliError STORAGE when they cannot, for example after an installation with a strict umask.
 */
export async function requireMountedFiles(): Promise<void> {
  if (process.platform === 'win32') return
  const text = await readFile(join(packageRoot, 'docker-compose.yml'), 'utf8')
  for (const file of boundFiles(text, packageRoot)) {
    if (((await stat(file)).mode & READ_BY_OTHERS) === 0)
      throw new CliError('STORAGE', `${file} cannot be read by the users of the containers`, {
        hint: `Make the mounted files readable for others: chmod -R o+rX ${join(packageRoot, 'infra')}`,
      })
    await requireUnixLineEnds(file)
  }
}

/** @throws CliError STORAGE for a file of which Git or an editor has made one with the line ends of Windows. */
export async function requireUnixLineEnds(file: string): Promise<void> {
  if (!(await readFile(file)).includes('\r')) return
  throw new CliError(
    'STORAGE',
    `${file} has the line ends of Windows (CRLF), which the containers cannot run`,
    {
      hint: 'Clone again with Git 2.10 or newer, which follows .gitattributes, or convert the files in infra/ to LF.',
    },
  )
}

/** The files that a compose file mounts from the package's own folder, each once. */
export function boundFiles(compose: string, root: string): string[] {
  const { services } = composeFile.parse(parse(compose, { merge: true }))
  const mounts = Object.values(services).flatMap(({ volumes }) => volumes)
  const sources = mounts.filter(({ type, source }) => type === 'bind' && PACKAGE.test(source))
  return [...new Set(sources.map(({ source }) => source.replace(PACKAGE, root)))]
}
