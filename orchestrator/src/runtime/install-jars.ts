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
    await verifyJars(set, target)
  }
  await fillOnce(dir, fill, { works: () => areJarsIntact(set), signal, onWait: update })
  return jars.map((jar) => join(dir, jarFile(jar)))
}

const verifyJars = (set: JarSet, dir: string): Promise<unknown> =>
  Promise.all(lockedJars(set).map((jar) => verifyChecksum(join(dir, jarFile(jar)), jar)))

/** A power failure may leave empty jars behind. All jars together take about a tenth of a second. */
export const areJarsIntact = (set: JarSet): Promise<boolean> =>
  verifyJars(set, jarsDir(set)).then(
    () => true,
    () => false,
  )
