import { join } from 'node:path'
import { type Jar, type JarSet, jarFile, lockedJars } from '../package/jars.ts'
import { fillOnce, jarsDir } from './cache.ts'
import { reportsFetchedJar, verifyChecksum } from './ivy.ts'

/** Runs Ivy, which writes these jars to `dir`; passes on each line of its output. */
export type FetchJars = (jars: readonly Jar[], dir: string, onLine: (line: string) => void) => Promise<void>

export interface InstallProgress {
  readonly signal: AbortSignal
  readonly update: (detail: string) => void
}

/**
 * Fetches one locked set of jars into the user's cache, once, and verifies every checksum. Returns the paths of the jars.
 * @throws CliError DOWNLOAD_FAILED when a jar cannot be fetched or is not the locked one.
 */
export async function installJars(
  set: JarSet,
  fetch: FetchJars,
  { signal, update }: InstallProgress,
): Promise<string[]> {
  const dir = jarsDir(set)
  const jars = lockedJars(set)
  const fill = async (target: string) => {
    let fetched = 0
    await fetch(jars, target, (line) => {
      if (!reportsFetchedJar(line)) return
      fetched += 1
      update(`${fetched} of ${jars.length} jars`)
    })
    await Promise.all(jars.map((jar) => verifyChecksum(join(target, jarFile(jar)), jar)))
  }
  await fillOnce(dir, fill, { signal, onWait: () => update('another run is fetching them; waiting') })
  return jars.map((jar) => join(dir, jarFile(jar)))
}
