import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CliError } from '../../errors.ts'
import { run } from '../../run.ts'
import { type Jar, type JarSet, jarFile, lockedJars } from '../../versions.ts'
import { fillOnce, jarsDir } from '../cache.ts'
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
    hint: 'Check the network and run the command again. Behind a mirror or proxy, name an Ivy settings file: SPARK_CONF_spark.jars.ivySettings=/path/ivysettings.xml',
    onLine: (line) => {
      if (!line.includes('[SUCCESSFUL ]')) return
      fetched += 1
      context.update(`${fetched} of ${jars.length} jars`)
    },
  })
  await Promise.all(jars.map((jar) => verifyChecksum(join(dir, jarFile(jar)), jar)))
  await rm(work, { recursive: true })
}

/** Ivy's own arguments: fetch what `ivy.xml` in the folder `work` names into `dir`. */
export function retrieveArgs(settings: string, dir: string, work: string): string[] {
  return [
    '-settings',
    settings,
    '-ivy',
    join(work, 'ivy.xml'),
    '-cache',
    join(work, 'cache'),
    '-confs',
    'default',
    '-retrieve',
    join(dir, '[artifact]-[revision].[ext]'),
  ]
}

/** An Ivy module that depends on exactly these jars: artifacts are named, so that no pom is read and nothing is resolved. */
export function ivyModule(jars: readonly Jar[]): string {
  const dependencies = jars.map(
    ({ org, name, rev }) =>
      `    <dependency org="${org}" name="${name}" rev="${rev}" transitive="false" conf="default->default"><artifact name="${name}" type="jar"/></dependency>`,
  )
  return [
    '<ivy-module version="2.0">',
    '  <info organisation="cpu-anomaly" module="jars"/>',
    '  <configurations><conf name="default"/></configurations>',
    '  <dependencies>',
    ...dependencies,
    '  </dependencies>',
    '</ivy-module>',
    '',
  ].join('\n')
}

// `ibiblio` with m2compatible and no root is Ivy's name for Maven Central.
export const ivySettings = (cache: string): string => `<ivysettings>
  <settings defaultResolver="central"/>
  <caches defaultCacheDir="${cache}"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
`

export async function verifyChecksum(file: string, jar: Jar): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  const found = hash.digest('hex')
  if (found !== jar.sha256)
    throw new CliError('DOWNLOAD_FAILED', `${jarFile(jar)} is not the file that was locked`, {
      details: [`expected sha256 ${jar.sha256}`, `found    sha256 ${found}`],
      hint: 'Whatever serves these jars gave a different one. Run the command again; if it stays, do not use that source.',
    })
}
