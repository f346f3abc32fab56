import type { TriggerMode } from '../../config/config.ts'
import type { Axis, LatencyResult, ScalingResult, ThroughputResult } from './results.ts'

export const throughputResult = (samplesPerRecord: number): ThroughputResult => ({
  measurement: 'throughput',
  samplesPerRecord,
  samples: 2_000_000,
  rates: { job: [1_200_000], noop: [1_600_000] },
  jobRate: 1_200_000,
  noopRate: 1_600_000,
  ratio: 0.75,
  durations: { addBatch: 300 },
})

export const latencyResult = (trigger: TriggerMode): LatencyResult => ({
  measurement: 'latency',
  trigger,
  rate: 1_000,
  seconds: 20,
  windows: 2,
  incomplete: 0,
  first: { p50: 0, p90: 4, p95: 5, p99: 6, max: 7 },
  final: { p50: 20, p90: 30, p95: 40, p99: 50, max: 60 },
  cpuShare: 0.25,
  peakRssBytes: 600_000_000,
  producerLateP99Ms: 2.5,
  split:
    trigger === 'micro-batch' ? { trigger: 50, planning: 40, state: 60, sourceAndSink: 70, kafka: 2 } : null,
  points: [
    { atS: 0.5, firstMs: 0, finalMs: 20 },
    { atS: 1, firstMs: 7, finalMs: 60 },
  ],
})

export const scalingResult = (axis: Axis, value: number, wallMs: number): ScalingResult => ({
  measurement: 'scaling',
  axis,
  value,
  stateStore: 'memory',
  samples: axis === 'samples' ? value : 1_000_000,
  wallMs,
  rate: 900_000,
  stateRows: 2_000,
  driverCpuMs: 2_400,
  batches: 4,
  checkpointBytes: 80_000,
  checkpointFiles: 16,
})
