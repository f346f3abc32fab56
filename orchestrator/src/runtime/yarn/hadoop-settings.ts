import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CliError } from '../../errors.ts'
import type { ShellEnvironment } from '../../system/child-environment.ts'

/** The folders with Hadoop's settings, as Spark's client puts them on its class path. */
const CONF_FOLDERS = ['HADOOP_CONF_DIR', 'YARN_CONF_DIR'] as const

const HINT =
  'Set it in this shell to the folder that has the yarn-site.xml of your cluster: `export HADOOP_CONF_DIR=/etc/hadoop/conf`.'

/** What Hadoop's files say of a cluster. */
export interface HadoopSettings {
  /** Where yarn-site.xml is. */
  readonly folder: string
  /** Undefined if no file sets it. */
  get(name: string): string | undefined
}

/** The variables that tell Spark where the cluster is, and as whom to use it. Paths are absolute: the driver's folder is another. */
export function hadoopVariables(shell: ShellEnvironment): Record<string, string> {
  const folders = CONF_FOLDERS.flatMap((name) => {
    const value = shell[name]
    return value ? [[name, resolve(value)] as const] : []
  })
  const user = shell.HADOOP_USER_NAME
  return { ...Object.fromEntries(folders), ...(user && { HADOOP_USER_NAME: user }) }
}

/** @throws CliError CONFIGURATION when the shell names no folder with a yarn-site.xml. */
export async function readHadoopSettings(shell: ShellEnvironment): Promise<HadoopSettings> {
  const variables = hadoopVariables(shell)
  const named = CONF_FOLDERS.filter((name) => variables[name])
  if (named.length === 0)
    throw new CliError('CONFIGURATION', 'SPARK_MASTER=yarn needs HADOOP_CONF_DIR, which is not set', {
      hint: HINT,
    })
  const folders = named.map((name) => variables[name] ?? '')
  const yarn = await Promise.all(folders.map((folder) => textOf(join(folder, 'yarn-site.xml'))))
  const folder = folders[yarn.findIndex((text) => text !== undefined)]
  if (folder === undefined)
    throw new CliError(
      'CONFIGURATION',
      `${named.map((name) => `${name}=${variables[name]}`).join(' and ')}: no yarn-site.xml can be read there`,
      { hint: HINT },
    )
  const core = await Promise.all(folders.map((each) => textOf(join(each, 'core-site.xml'))))
  const values = new Map([...core, ...yarn].flatMap((text) => [...propertiesIn(text ?? '')]))
  return { folder, get: (name) => expanded(values, name) }
}

const textOf = (file: string): Promise<string | undefined> => readFile(file, 'utf8').catch(() => undefined)

/** The properties of one of Hadoop's files, which have no other elements than these. */
export function propertiesIn(xml: string): Map<string, string> {
  const properties = xml.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<property>([\s\S]*?)<\/property>/g)
  return new Map(
    [...properties].flatMap(([, body = '']) => {
      const [name, value] = ['name', 'value'].map((tag) =>
        body.match(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`))?.[1]?.trim(),
      )
      return name && value !== undefined ? [[unescaped(name), unescaped(value)] as const] : []
    }),
  )
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

const unescaped = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => ENTITIES[name] ?? '')

/** How deep values may name others, as Hadoop limits it. */
const MAX_DEPTH = 20

/** A value with the settings that it names in place of their names: `${yarn.resourcemanager.hostname}:8088`. */
function expanded(values: ReadonlyMap<string, string>, name: string): string | undefined {
  let value = values.get(name)
  for (let depth = 0; value?.includes('${') && depth < MAX_DEPTH; depth++)
    value = value.replace(/\$\{([^}]+)\}/g, (whole, other: string) => values.get(other) ?? whole)
  return value
}
