import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from './root.ts'
import { CONNECTOR_VERSION, HADOOP_VERSION, KAFKA_VERSION } from './tested-versions.ts'

export interface Jar {
  readonly org: string
  readonly name: string
  readonly rev: string
  readonly sha256: string
}

/** `s3a`: Hadoop's client of S3. Hadoop asks for all of Amazon's SDK (690 MB), of which it uses these modules. */
export type JarSet = 'connector' | 'broker' | 's3a'

const VERSIONS: Readonly<Record<JarSet, string>> = {
  connector: CONNECTOR_VERSION,
  broker: KAFKA_VERSION,
  s3a: HADOOP_VERSION,
}

/** The jars of one set, exactly as locked: nothing is resolved transitively. */
export function lockedJars(set: JarSet): readonly Jar[] {
  const lock = readFileSync(join(packageRoot, 'infra', 'jars.lock.json'), 'utf8')
  return (JSON.parse(lock) as Record<JarSet, Jar[]>)[set]
}

export const jarFile = (jar: Jar): string => `${jar.name}-${jar.rev}.jar`

/** The name of a jar set's folder in the cache; it changes with every jar that is locked. */
export function jarSetName(set: JarSet): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(lockedJars(set)))
    .digest('hex')
  return `${set}-${VERSIONS[set]}-${hash.slice(0, 8)}`
}
