import type { StateStore, TriggerMode } from '../../config/config.ts'
import type { Work } from '../driver/protocol.ts'
import type { Latencies, Percentiles, Split } from './latency.ts'

// What a run found; `--json` prints each as it is. Rates are samples a second.

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
  /** Of each counted round. */
  readonly rates: Readonly<Record<Work, readonly number[]>>
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
  /** Resident memory of the driver's JVM at its largest. */
  readonly peakRssBytes: number
}

interface LatencyPoint {
  /** Seconds since the measured time began, at the window's end. */
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
  /** Of one core, for the driver's JVM over the measured time: 1 is one core. */
  readonly cpuShare: number
  readonly peakRssBytes: number
  /** How late the producer itself was, against the intended times. */
  readonly producerLateP99Ms: number
  readonly split: Split | null
  readonly points: readonly LatencyPoint[]
}

export type Axis = 'rows' | 'partitions' | 'cores' | 'series'

export interface ScalingResult {
  readonly measurement: 'scaling'
  readonly axis: Axis
  readonly value: number
  readonly stateStore: StateStore
  readonly samples: number
  /** Of the whole query, start-up included. */
  readonly wallMs: number
  /** Start-up excluded where there are batches enough. */
  readonly rate: number
  /** Windows that the state held at its largest. */
  readonly stateRows: number
}

export type Measured = ThroughputResult | BacklogResult | LatencyResult | ScalingResult

/** How the time grew with the rows, from the fewest to the most. */
export interface RowsCheck {
  readonly measurement: 'rows-check'
  readonly fromRows: number
  readonly toRows: number
  readonly rowsFactor: number
  readonly timeFactor: number
  /** So many times the rows cost at most so many times the time. */
  readonly holds: boolean
}

/** Over the pairs with ten times the rows; where there is none, from the fewest rows to the most. */
export function rowsChecks(results: readonly Measured[]): RowsCheck[] {
  const runs = results
    .filter((result) => result.measurement === 'scaling')
    .filter(({ axis }) => axis === 'rows')
    .sort((a, b) => a.value - b.value)
  const tenfold = runs.flatMap((from) => {
    const to = runs.find(({ value }) => value === 10 * from.value)
    return to ? [checkOf(from, to)] : []
  })
  const [fewest, most] = [runs[0], runs.at(-1)]
  if (tenfold.length > 0 || !fewest || !most || fewest === most) return tenfold
  return [checkOf(fewest, most)]
}

function checkOf(from: ScalingResult, to: ScalingResult): RowsCheck {
  const rowsFactor = to.value / from.value
  const timeFactor = to.wallMs / from.wallMs
  return {
    measurement: 'rows-check',
    fromRows: from.value,
    toRows: to.value,
    rowsFactor,
    timeFactor,
    holds: timeFactor <= rowsFactor,
  }
}
