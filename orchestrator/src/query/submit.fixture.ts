import type { TestContext } from '../cli/command.fixture.ts'
import { submitJob } from './submit.ts'

interface Options {
  /** Settings that changed since the context was made. */
  readonly settings?: readonly string[]
  readonly newCheckpoint?: boolean
  readonly timeoutMs?: number
}

/** Submits the job of a context. */
export async function submit(context: TestContext, options: Options = {}): Promise<void> {
  const { settings = [], newCheckpoint = false, timeoutMs = 5_000 } = options
  const selected = await context.withSettings(settings).select()
  await submitJob(selected, { newCheckpoint, timeoutMs }, context.output, context.signal)
}
