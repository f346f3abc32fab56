import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Jar, type JarSet, jarFile, lockedJars } from '../../package/jars.ts'
import { run } from '../../system/run.ts'
import { fillOnce, jarsDir } from '../cache.ts'
import { fetchedJar, ivyModule, ivySettings, JARS_HINT, retrieveArgs, verifyChecksum } from '../ivy.ts'
import type { InstallContext } from './install-python.ts'

export interface Ivy {
  readonly java: string
  /** The Ivy jar inside pyspark. */
  readonly jar: string
  /** The user's own Ivy settings (`spark.jars.ivySettings`), where a mirror or a proxy is needed. */
  readonly settings: string | undefined
}

/** Fetches one locked set of jars through Spark's own Ivy into the user's cache, once, and checks every checksum. */
export async function installJars(set: JarSet, ivy: Ivy, context: InstallContext): Promise<string[]> {
  const dir = jarsDir(set)
  const jars = lockedJars(set)
  await fillOnce(dir, (target) => fetchJars(jars, target, ivy, context), {
    signal: context.signal,
    onWait: () => context.update('another run is fetching them; waiting'),
  })
  return jars.map((jar) => join(dir, jarFile(jar)))
}

async function fetchJars(
  jars: readonly Jar[],
  dir: string,
  ivy: Ivy,
  context: InstallContext,
): Promise<void> {
  const work = join(dir, 'ivy')
  await mkdir(work, { recursive: true })
  await writeFile(join(work, 'ivy.xml'), ivyModule(jars))
  await writeFile(join(work, 'settings.xml'), ivySettings(join(work, 'cache')))
  let fetched = 0
  const settings = ivy.settings ?? join(work, 'settings.xml')
  await run([ivy.java, ['-jar', ivy.jar, ...retrieveArgs(settings, dir, work)]], {
    env: context.env,
    signal: context.signal,
    failAs: 'DOWNLOAD_FAILED',
    hint: JARS_HINT,
    onLine: (line) => {
      if (!fetchedJar(line)) return
      fetched += 1
      context.update(`${fetched} of ${jars.length} jars`)
    },
  })
  await Promise.all(jars.map((jar) => verifyChecksum(join(dir, jarFile(jar)), jar)))
  await rm(work, { recursive: true })
}
