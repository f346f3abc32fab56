import type { DriverStatus, PartStatus, Runtime } from '../runtime/runtime.ts'
import { type DriverEvent, type QueryProgress, queryProgress } from './driver-log.ts'
import { recentEvents } from './ready.ts'

export interface StackStatus {
  readonly runtime: string
  readonly parts: readonly PartStatus[]
  readonly driver: DriverStatus | undefined
  readonly progress: QueryProgress | undefined
  /** What the driver said last when it failed. */
  readonly lastError: string | undefined
  readonly sparkUi: string | undefined
  readonly storage: string
}

/** Looks at every part now. Never fails because a part is down: that is what it is asked for. */
export async function stackStatus(runtime: Runtime, storage: string, signal: AbortSignal): Promise<StackStatus> {
  const [parts, driver, events] = await Promise.all([
    runtime.parts(),
    runtime.driver(),
    recentEvents(runtime, signal).catch((): DriverEvent[] => []),
  ])
  const lives = driver?.state === 'running' || driver?.state === 'orphaned'
  return {
    runtime: runtime.name,
    parts,
    driver,
    progress: queryProgress(events),
    lastError: lives ? undefined : events.findLast((event) => event.name === 'failed')?.fields.message,
    sparkUi: lives ? runtime.sparkUi : undefined,
    storage,
  }
}

/** Records of the input topic that the running job has not read yet; undefined when no job tells. */
export async function queryLag(runtime: Runtime, signal: AbortSignal): Promise<number | undefined> {
  const driver = await runtime.driver()
  if (driver?.state !== 'running') return undefined
  const lag = queryProgress(await recentEvents(runtime, signal))?.lag
  return lag === undefined || Number.isNaN(lag) ? undefined : lag
}
