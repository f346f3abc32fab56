import type { StateStore, TriggerMode } from '../../config/config.ts'
import type { Workload } from '../driver/protocol.ts'
import type { Latencies, Percentiles, Split } from './latency.ts'

// The results of a run, which `--json` prints as they are. Rates are in samples/s.

export interface MachineFacts {
  readonly measurement: 'machine'
  readonly date: string
  readonly command: string
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  readonly java: string
  readonly spark: string
  readonly connector: string
  readonly kafka: string
}

export interface ThroughputResult {
  readonly measurement: 'throughput'
  readonly samplesPerRecord: number
  readonly samples: number
  /** Of each round except the warm-up. */
  readonly rates: Readonly<Record<Workload, readonly number[]>>
  /** Medians of the rounds. */
  readonly jobRate: number
  readonly noopRate: number
  readonly ratio: number
  /** Medians over the batches of the job's last round, milliseconds. */
  readonly durations: Readonly<Record<string, number>>
}

export interface BacklogResult {
  readonly measurement: 'backlog'
  readonly samples: number
  readonly wallMs: number
  readonly rate: number
  /** Peak resident memory of the driver's JVM. */
  readonly peakRssBytes: number
}

interface LatencyPoint {
  /** When the window ended, in seconds since the start of the measured time. */
  readonly atS: number
  readonly firstMs: number
  readonly finalMs: number
}

export interface LatencyResult {
  readonly measurement: 'latency'
  readonly trigger: TriggerMode
  readonly rate: number
  readonly seconds: number
  readonly windows: number
  readonly incomplete: Latencies['incomplete']
  readonly first: Percentiles
  readonly final: Percentiles
  /** CPU time of the driver's JVM per wall time: 1 is one whole core. */
  readonly cpuShare: number
  readonly peakRssBytes: number
  /** How long after the intended times the producer sent, in ms (p99). */
  readonly producerLateP99Ms: number
  readonly split: Split | null
  readonly points: readonly LatencyPoint[]
}

export type Axis = 'samples' | 'partitions' | 'cores' | 'series'

export interface ScalingResult {
  readonly measurement: 'scaling'
  readonly axis: Axis
  readonly value: number
  readonly stateStore: StateStore
  readonly samples: number
  /** Of the whole query, including its start-up. */
  readonly wallMs: number
  /** Without the start-up if there are enough batches. */
  readonly rate: number
  /** Peak number of rows in the state, one per window and series. */
  readonly stateRows: number
  /** CPU time of the driver's process, which on this machine runs the tasks too, and on a cluster does not. */
  readonly driverCpuMs: number
  /** With input. */
  readonly batches: number
  /** What the query left in its checkpoint, none of whose files it has removed by then. */
  readonly checkpointBytes: number
  readonly checkpointFiles: number
}

export interface FormatResult {
  readonly measurement: 'format'
  readonly format: string
  readonly samples: number
  /** Of each round except the warm-up. */
  readonly rates: readonly number[]
  /** Their median. */
  readonly rate: number
  /** The same of csv, which the same driver read in turn with the format. */
  readonly csvRates: readonly number[]
  readonly csvRate: number
  /** `rate` divided by `csvRate`. */
  readonly share: number
}

export interface BaselineResult {
  readonly measurement: 'baseline'
  readonly name: string
  /** In the baseline; 0 without one. */
  readonly normals: number
  readonly series: number
  readonly samples: number
  /** Of each round except the warm-up. */
  readonly rates: readonly number[]
  /** Their median. */
  readonly rate: number
  /** Of the rate without a baseline in the same run. */
  readonly share: number
}

export type Measurement =
  | ThroughputResult
  | BacklogResult
  | LatencyResult
  | ScalingResult
  | FormatResult
  | BaselineResult

/** How the time grew with the number of samples. */
export interface SamplesCheck {
  readonly measurement: 'samples-check'
  readonly fromSamples: number
  readonly toSamples: number
  readonly samplesFactor: number
  readonly timeFactor: number
  /** True if the time grew by at most the factor of the samples. */
  readonly holds: boolean
}

/** Compares each pair with ten times the samples; if there is none, the fewest samples with the most. */
export function samplesChecks(results: readonly Measurement[]): SamplesCheck[] {
  const runs = results
    .filter((result) => result.measurement === 'scaling')
    .filter(({ axis }) => axis === 'samples')
    .sort((a, b) => a.value - b.value)
  const tenfold = runs.flatMap((from) => {
    const to = runs.find(({ value }) => value === 10 * from.value)
    return to ? [checkOf(from, to)] : []
  })
  const [fewest, most] = [runs[0], runs.at(-1)]
  if (tenfold.length > 0 || !fewest || !most || fewest === most) return tenfold
  return [checkOf(fewest, most)]
}

function checkOf(from: ScalingResult, to: ScalingResult): SamplesCheck {
  const samplesFactor = to.value / from.value
  const timeFactor = to.wallMs / from.wallMs
  return {
    measurement: 'samples-check',
    fromSamples: from.value,
    toSamples: to.value,
    samplesFactor,
    timeFactor,
    holds: timeFactor <= samplesFactor,
  }
}
