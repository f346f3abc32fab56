/** Versions that the end-to-end suite runs together, on one of the runtimes. */
export interface TestedSet {
  readonly spark: string
  /** Of `spark-sql-kafka-0-10` and `spark-token-provider-kafka-0-10`. */
  readonly connector: string
  readonly kafka: string
  readonly runtimes: readonly ('local' | 'docker')[]
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

/** Spark's version as an image's tag gives it; undefined where the tag has none (`latest`, a digest alone). */
export const imageVersion = (image: string): string | undefined =>
  image.match(/:v?(\d+\.\d+\.\d+)(?![\d.])[^/:]*$/)?.[1]

/** Was this image's Spark tested on Docker with the connector that is used with it? */
export const isTestedSpark = (image: string): boolean =>
  TESTED_SETS.some(({ spark, runtimes }) => runtimes.includes('docker') && spark === imageVersion(image))
