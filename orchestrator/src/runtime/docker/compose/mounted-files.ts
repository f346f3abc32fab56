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
 * Checks that the users of the images, who do not exist on this machine, can read the files that containers mount.
 * @throws CliError STORAGE when they cannot, for example after an installation with a strict umask.
 */
export async function requireMountedFiles(): Promise<void> {
  if (process.platform === 'win32') return
  const text = await readFile(join(packageRoot, 'docker-compose.yml'), 'utf8')
  for (const file of boundFiles(text, packageRoot)) {
    if (((await stat(file)).mode & READ_BY_OTHERS) !== 0) continue
    throw new CliError('STORAGE', `${file} cannot be read by the users of the containers`, {
      hint: `Make the mounted files readable for others: chmod -R o+rX ${join(packageRoot, 'infra')}`,
    })
  }
}

/** The files that a compose file mounts from the package's own folder, each once. */
export function boundFiles(compose: string, root: string): string[] {
  const { services } = composeFile.parse(parse(compose, { merge: true }))
  const mounts = Object.values(services).flatMap(({ volumes }) => volumes)
  const sources = mounts.filter(({ type, source }) => type === 'bind' && PACKAGE.test(source))
  return [...new Set(sources.map(({ source }) => source.replace(PACKAGE, root)))]
}
