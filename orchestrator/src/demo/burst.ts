import { availableParallelism, constants } from 'node:os'
import { run } from '../system/run.ts'

/** Epoch milliseconds. */
export interface Span {
  readonly fromMs: number
  readonly untilMs: number
}

/**
 * Keeps every core busy, and returns when that was. The programs yield to others, so that samples are taken and windows
 * computed meanwhile, and end by themselves even if this one is killed.
 */
export async function makeBurst(seconds: number, signal: AbortSignal): Promise<Span> {
  const loop = `require('os').setPriority(${constants.priority.PRIORITY_BELOW_NORMAL}); for (const end = Date.now() + ${seconds * 1_000}; Date.now() < end; );`
  const fromMs = Date.now()
  await Promise.all(
    Array.from({ length: availableParallelism() }, () => run([process.execPath, ['-e', loop]], { signal })),
  )
  return { fromMs, untilMs: Date.now() }
}
