import type { SparkConfig } from '../../config/config.ts'

export interface Executors {
  readonly instances: number
  readonly cores: number
}

const MOST_CORES = 4

/**
 * Executors that have SPARK_CORES cores in all: of the same size, with up to four cores, and at least two of them, so that a
 * lost one is not all. What the user sets of them counts.
 */
export function executorsFor({ cores, conf }: Pick<SparkConfig, 'cores' | 'conf'>): Executors {
  const [instances, each] = ['instances', 'cores'].map((name) => Number(conf[`spark.executor.${name}`] || 0))
  if (each) return { instances: instances || Math.ceil(cores / each), cores: each }
  if (instances) return { instances, cores: Math.ceil(cores / instances) }
  const largest = Math.max(1, Math.min(MOST_CORES, Math.floor(cores / 2)))
  const size =
    Array.from({ length: largest }, (_, index) => largest - index).find((n) => cores % n === 0) ?? 1
  return { instances: cores / size, cores: size }
}
