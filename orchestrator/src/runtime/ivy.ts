import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { CliError } from '../errors.ts'
import { type Jar, jarFile } from '../package/jars.ts'

export const JARS_HINT =
  'Check the network and run the command again. For a mirror or a proxy, set an Ivy settings file: SPARK_CONF_spark.jars.ivySettings=/path/ivysettings.xml'

/** True for the line that Ivy prints after it has fetched a jar. */
export const reportsFetchedJar = (line: string): boolean => line.includes('[SUCCESSFUL ]')

/** Ivy's arguments: fetch the jars that `ivy.xml` in the folder `work` names, into `dir`. */
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

/** An Ivy module that depends on exactly these jars. It names each artifact, so that Ivy reads no POM and resolves nothing else. */
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
  <caches defaultCacheDir="${xmlEscaped(cache)}"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false"/></resolvers>
</ivysettings>
`

const xmlEscaped = (text: string): string =>
  text.replace(/[&<"]/g, (character) => `&#${character.charCodeAt(0)};`)

/** @throws CliError DOWNLOAD_FAILED when the file is not the locked jar. */
export async function verifyChecksum(file: string, jar: Jar): Promise<void> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  const actual = hash.digest('hex')
  if (actual !== jar.sha256)
    throw new CliError('DOWNLOAD_FAILED', `${jarFile(jar)} does not match its locked checksum`, {
      details: [`expected sha256 ${jar.sha256}`, `actual   sha256 ${actual}`],
      hint: 'The repository served a different file. Run the command again; if the error persists, use another repository.',
    })
}
