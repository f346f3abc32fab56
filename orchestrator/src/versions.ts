import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RuntimeName } from './config/config.ts'
import { packageRoot } from './paths.ts'

/** Versions that the end-to-end suite runs together, on one of the runtimes. */
export interface TestedSet {
  readonly spark: string
  /** Of `spark-sql-kafka-0-10` and `spark-token-provider-kafka-0-10`. */
  readonly connector: string
  readonly kafka: string
  readonly runtimes: readonly RuntimeName[]
}

/**
 * What is tested together, and is therefore what this tool installs. The connector is older than Spark because none
 * was published for 4.3.0; it uses no more of Spark than the data source API, which 4.3.0 kept. See
 * docs/decisions/2026-11-25-versions.md. The jars, with their checksums, are in infra/jars.lock.json, the Python
 * packages in spark-job/requirements.txt.
 */
export const TESTED_SETS: readonly [TestedSet, ...TestedSet[]] = [
  { spark: '4.3.0', connector: '4.2.0', kafka: '4.3.1', runtimes: ['local', 'docker'] },
]

export const { spark: SPARK_VERSION, connector: CONNECTOR_VERSION, kafka: KAFKA_VERSION } = TESTED_SETS[0]

/** Changes when a new job could not go on from an old job's state. */
export const JOB_VERSION = '2'

/** Spark's version as an image's tag gives it; undefined where the tag has none (`latest`, a digest alone). */
export const imageVersion = (image: string): string | undefined =>
  image.match(/:v?(\d+\.\d+\.\d+)(?![\d.])[^/:]*$/)?.[1]

/** Was this image's Spark tested on Docker with the connector that is used with it? */
export const isTestedSpark = (image: string): boolean =>
  TESTED_SETS.some(({ spark, runtimes }) => runtimes.includes('docker') && spark === imageVersion(image))

export interface Jar {
  readonly org: string
  readonly name: string
  readonly rev: string
  readonly sha256: string
}

export type JarSet = 'connector' | 'broker'

/** The jars of one set, exactly as they were locked: nothing is resolved transitively. */
export function lockedJars(set: JarSet): readonly Jar[] {
  const lock = readFileSync(join(packageRoot, 'infra', 'jars.lock.json'), 'utf8')
  return (JSON.parse(lock) as Record<JarSet, Jar[]>)[set]
}

export const jarFile = (jar: Jar): string => `${jar.name}-${jar.rev}.jar`

/** Name of a jar set's folder in the cache: it changes with any jar of the lock. */
export function jarSetName(set: JarSet): string {
  const lock = createHash('sha256')
    .update(JSON.stringify(lockedJars(set)))
    .digest('hex')
  return `${set}-${set === 'connector' ? CONNECTOR_VERSION : KAFKA_VERSION}-${lock.slice(0, 8)}`
}
