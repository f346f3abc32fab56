import type { StateStore } from '../../config/config.ts'

/** What is measured if nothing is named. */
export const USUAL_SECTIONS = ['throughput', 'latency', 'scaling'] as const
export const SECTIONS = [...USUAL_SECTIONS, 'baseline'] as const
export type Section = (typeof SECTIONS)[number]

/** How a topic is loaded and read. */
export interface ThroughputLoad {
  readonly samples: number
  readonly perRecord: number
  /** Maximum records per micro-batch. */
  readonly batchRecords: number
}

/** What is measured, and how much of it. */
export interface BenchSizes {
  readonly throughput: {
    /** Number of measured rounds, after one more that warms up the JIT. */
    readonly rounds: number
    readonly loads: readonly ThroughputLoad[]
    /** Samples of a backlog, drained with the folder's own bound of a micro-batch; undefined: not measured. */
    readonly backlog: number | undefined
  }
  /** One sample per record. */
  readonly formats: { readonly rounds: number; readonly samples: number; readonly batchRecords: number }
  readonly baseline: {
    readonly rounds: number
    readonly samples: number
    readonly series: number
    /** Event time between two samples of a series. */
    readonly intervalMs: number
    readonly batchRecords: number
  }
  readonly latency: { readonly warmUpSeconds: number; readonly seconds: number }
  readonly scaling: {
    readonly sampleCounts: readonly number[]
    readonly partitions: readonly number[]
    readonly cores: readonly number[]
    /** By where the state is; with a million series it does not fit into the driver's heap. */
    readonly series: Readonly<Partial<Record<StateStore, readonly number[]>>>
    /** For the measurements over partitions and cores. */
    readonly samples: number
    /** Samples that a new driver reads before it is measured: until then its JIT takes more time than the job. */
    readonly warmUpSamples: number
    readonly batchRecords: number
    /** For the measurements over series. */
    readonly seriesSamples: number
    /** Event time between two samples of a series, so that every series has the same number of samples per window. */
    readonly seriesIntervalMs: number
  }
}

const M = 1_000_000

/** `quick` takes less than three minutes on two slow cores. */
export function benchSizes(quick: boolean, availableCores: number): BenchSizes {
  const cores = (quick ? [1, 2] : [1, 2, 3, 4]).filter((count) => count <= availableCores)
  return quick ? quickSizes(cores) : fullSizes(cores)
}

const quickSizes = (cores: number[]): BenchSizes => ({
  throughput: {
    rounds: 1,
    loads: [
      { samples: 2 * M, perRecord: 1, batchRecords: 400_000 },
      { samples: 4 * M, perRecord: 100, batchRecords: 8_000 },
    ],
    backlog: undefined,
  },
  formats: { rounds: 1, samples: 1 * M, batchRecords: 250_000 },
  baseline: { rounds: 1, samples: 1 * M, series: 1_000, intervalMs: 50, batchRecords: 250_000 },
  latency: { warmUpSeconds: 6, seconds: 20 },
  scaling: {
    sampleCounts: [0.5 * M, 1 * M, 2 * M],
    partitions: [1, 2, 4],
    cores,
    series: { memory: [1, 1_000] },
    samples: 1 * M,
    warmUpSamples: 1 * M,
    batchRecords: 250_000,
    seriesSamples: 0.3 * M,
    seriesIntervalMs: 100,
  },
})

const fullSizes = (cores: number[]): BenchSizes => ({
  throughput: {
    rounds: 3,
    loads: [
      { samples: 10 * M, perRecord: 1, batchRecords: 2 * M },
      { samples: 40 * M, perRecord: 100, batchRecords: 100_000 },
    ],
    backlog: 5 * M,
  },
  formats: { rounds: 3, samples: 4 * M, batchRecords: 500_000 },
  baseline: { rounds: 3, samples: 4 * M, series: 10_000, intervalMs: 50, batchRecords: 500_000 },
  latency: { warmUpSeconds: 60, seconds: 120 },
  scaling: {
    sampleCounts: [0.5 * M, 1 * M, 2 * M, 5 * M, 10 * M],
    partitions: [1, 2, 4, 16, 64],
    cores,
    series: { memory: [1, 1_000, 100_000], rocksdb: [1, 1_000, 100_000, 1 * M] },
    samples: 5 * M,
    warmUpSamples: 20 * M,
    batchRecords: 1 * M,
    seriesSamples: 3 * M,
    seriesIntervalMs: 100,
  },
})
