import { setTimeout as delay } from 'node:timers/promises'
import type { CommandRun } from '../cli/command.ts'
import { stackStatus } from '../query/status.ts'
import { statusLines } from '../query/status-lines.ts'

const WATCH_MS = 1_000
const CLEAR_SCREEN = '\x1b[H\x1b[2J'

interface Flags {
  readonly json?: boolean
  readonly watch?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output, signal } = context
  const { runtime, storage } = await context.select()
  do {
    const status = await stackStatus(runtime, storage, signal)
    if (flags.json) output.json(status)
    else
      output.result(
        `${flags.watch && output.isTerminal ? CLEAR_SCREEN : ''}${statusLines(status).join('\n')}`,
      )
    if (flags.watch) await delay(WATCH_MS, undefined, { signal }).catch(() => undefined)
  } while (flags.watch && !signal.aborted)
}
