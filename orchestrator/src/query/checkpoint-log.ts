import { z } from 'zod'
import type { CheckpointStore } from '../runtime/runtime.ts'
import { parseJson } from '../system/json.ts'

/** Written by `cpu_anomaly/accounting/ledger.py`. */
const LEDGER_FILE = 'cpu-anomaly-ledger.json'

const ledgerSchema = z.object({
  batch: z.number(),
  read: z.number(),
  dead_lettered: z.number(),
  late: z.number(),
})

/** What became of all lines of the input up to and including this batch; -1 before the first. */
export interface Ledger {
  readonly batch: number
  readonly read: number
  readonly deadLettered: number
  readonly late: number
}

const EMPTY: Ledger = { batch: -1, read: 0, deadLettered: 0, late: 0 }

export async function readLedger(store: CheckpointStore): Promise<Ledger> {
  const parsed = ledgerSchema.safeParse(parseJson((await store.read(LEDGER_FILE)) ?? ''))
  if (!parsed.success) return EMPTY
  const { batch, read, dead_lettered: deadLettered, late } = parsed.data
  return { batch, read, deadLettered, late }
}

const metadataSchema = z.object({ batchWatermarkMs: z.number() })
const offsetsSchema = z.record(z.string(), z.record(z.string(), z.number()))

/** What Spark writes into its offset log before it runs a batch. */
export interface BatchPlan {
  /** Late samples of the next batch are those whose window starts at or before it. Epoch milliseconds. */
  readonly watermarkMs: number
  /** The end offset of each partition, by topic. */
  readonly ends: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/** Undefined for a batch that is not planned yet, and for a log that cannot be read: the driver reports that. */
export async function readPlan(store: CheckpointStore, batch: number): Promise<BatchPlan | undefined> {
  const [version, metadata = '', source = ''] = (await store.read(`offsets/${batch}`))?.split('\n') ?? []
  if (version !== 'v1') return undefined
  const planned = metadataSchema.safeParse(parseJson(metadata))
  const ends = offsetsSchema.safeParse(parseJson(source))
  if (!planned.success || !ends.success) return undefined
  return { watermarkMs: planned.data.batchWatermarkMs, ends: ends.data }
}

/**
 * Where the query began to read, per partition of the topic; undefined before it did. Partitions that were added since are
 * read from their beginning. The Kafka source's own file: a zero byte, a version, a newline, JSON.
 */
export async function firstOffsets(
  store: CheckpointStore,
  topic: string,
): Promise<Readonly<Record<string, number>> | undefined> {
  const [, json = ''] = (await store.read('sources/0/0'))?.split('\n') ?? []
  const first = offsetsSchema.safeParse(parseJson(json))
  return first.success ? first.data[topic] : undefined
}

/** Where the last batch that is committed ended, per partition of the topic; undefined if the checkpoint does not say. */
export async function committedEnds(
  store: CheckpointStore,
  topic: string,
): Promise<Readonly<Record<string, number>> | undefined> {
  let ends: Readonly<Record<string, number>> | undefined
  // The ledger may be some batches behind.
  for (let batch = Math.max((await readLedger(store)).batch, 0); ; batch += 1) {
    const plan = await readPlan(store, batch)
    if (!plan || !(await store.read(`commits/${batch}`))) return ends
    ends = plan.ends[topic]
  }
}
