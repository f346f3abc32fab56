import { availableParallelism, constants, setPriority } from 'node:os'
import { execa } from 'execa'
import { childEnvironment } from '../system/child-environment.ts'

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
  const loop = `for (const end = Date.now() + ${seconds * 1_000}; Date.now() < end; );`
  const fromMs = Date.now()
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      const running = execa(process.execPath, ['-e', loop], {
        env: childEnvironment('probe'),
        extendEnv: false,
        stdio: 'ignore',
        cancelSignal: signal,
      })
      if (running.pid !== undefined) setPriority(running.pid, constants.priority.PRIORITY_BELOW_NORMAL)
      await running
    }),
  )
  return { fromMs, untilMs: Date.now() }
}
