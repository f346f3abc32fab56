import type { StateStore } from '../../config/config.ts'

export const SECTIONS = ['throughput', 'latency', 'scaling'] as const
export type Section = (typeof SECTIONS)[number]

/** How a topic is loaded and read: `batchRecords` bounds a micro-batch. */
export interface Load {
  readonly samples: number
  readonly perRecord: number
  readonly batchRecords: number
}

/** What is measured, and how much of it. */
export interface BenchSizes {
  readonly throughput: {
    /** Rounds that count; one more before them warms the JIT. */
    readonly rounds: number
    readonly loads: readonly Load[]
    /** Samples of a backlog that is drained with the folder's own bound of a micro-batch; undefined: left out. */
    readonly backlog: number | undefined
  }
  readonly latency: { readonly warmUpSeconds: number; readonly seconds: number }
  readonly scaling: {
    readonly rows: readonly number[]
    readonly partitions: readonly number[]
    readonly cores: readonly number[]
    readonly series: readonly number[]
    readonly stores: readonly StateStore[]
    /** Samples of the measurements over partitions and cores. */
    readonly samples: number
    /** Samples that a new driver reads before it counts: until then its JIT compiles more than the job runs. */
    readonly warmUpSamples: number
    readonly batchRecords: number
    /** Of the measurements over series. */
    readonly seriesSamples: number
    /** Event time from one sample of a series to its next: every series has as many samples a window. */
    readonly seriesIntervalMs: number
  }
}

const M = 1_000_000

/** `quick` ends within three minutes on two slow cores. */
export function benchSizes(quick: boolean, machineCores: number): BenchSizes {
  const cores = [1, 2].filter((count) => count <= machineCores)
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
  latency: { warmUpSeconds: 6, seconds: 20 },
  scaling: {
    rows: [0.5 * M, 1 * M, 2 * M],
    partitions: [1, 2, 4],
    cores,
    series: [1, 1_000],
    stores: ['memory'],
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
  latency: { warmUpSeconds: 60, seconds: 120 },
  scaling: {
    rows: [0.5 * M, 1 * M, 2 * M, 5 * M, 10 * M],
    partitions: [1, 2, 4],
    cores,
    series: [1, 1_000, 100_000],
    stores: ['memory', 'rocksdb'],
    samples: 5 * M,
    warmUpSamples: 20 * M,
    batchRecords: 1 * M,
    seriesSamples: 3 * M,
    seriesIntervalMs: 100,
  },
})
