/** Versions that the end-to-end suite runs together, on one of the runtimes. */
export interface TestedSet {
  readonly spark: string
  /** Of `spark-sql-kafka-0-10` and `spark-token-provider-kafka-0-10`. */
  readonly connector: string
  readonly kafka: string
  readonly runtimes: readonly ('local' | 'docker')[]
}

/**
 * The versions that are tested together, and that this tool therefore installs. The connector is older than Spark
 * because none was published for 4.3.0; it only uses Spark's data source API, which 4.3.0 kept. See
 * docs/decisions/2026-11-25-versions.md. The jars, with their checksums, are in infra/jars.lock.json; the Python
 * packages are in spark-job/requirements.txt.
 */
export const TESTED_SETS: readonly [TestedSet, ...TestedSet[]] = [
  { spark: '4.3.0', connector: '4.2.0', kafka: '4.3.1', runtimes: ['local', 'docker'] },
]

export const { spark: SPARK_VERSION, connector: CONNECTOR_VERSION, kafka: KAFKA_VERSION } = TESTED_SETS[0]

/** Of Spark's own jars; its client of S3 must be of the same version. */
export const HADOOP_VERSION = '3.5.0'

/** Spark's version in the tag of an image; undefined if the tag has none (`latest`, or only a digest). */
export const imageVersion = (image: string): string | undefined =>
  image.match(/:v?(\d+\.\d+\.\d+)(?![\d.])[^/:]*$/)?.[1]

/** Is the Spark of this image tested on Docker with the connector that we use? */
export const isTestedSpark = (image: string): boolean =>
  TESTED_SETS.some(({ spark, runtimes }) => runtimes.includes('docker') && spark === imageVersion(image))
