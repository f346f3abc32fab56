import { setTimeout as delay } from 'node:timers/promises'
import type { CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { type StackStatus, stackStatus } from '../query/status.ts'
import { statusLines } from '../query/status-lines.ts'
import { untilReaderGone } from '../terminal/closed-pipe.ts'
import { canOverwrite } from '../terminal/width.ts'

const WATCH_MS = 1_000
const CLEAR_SCREEN = '\x1b[H\x1b[2J'

interface Flags {
  readonly json?: boolean
  readonly watch?: boolean
  readonly check?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output } = context
  if (flags.check && flags.watch)
    throw new CliError('USAGE', '--check and --watch contradict each other', {
      hint: 'Use one or the other.',
    })
  const signal = flags.watch ? untilReaderGone(context.signal) : context.signal
  let selected = await context.select()
  for (const line of unusedFlags(selected.config.resolved, 'status')) output.warn(line)
  do {
    const status = await stackStatus(selected, signal)
    if (flags.json) output.json(status)
    else
      output.result(
        `${flags.watch && canOverwrite({ isTTY: output.isTerminal }) ? CLEAR_SCREEN : ''}${statusLines(status).join('\n')}`,
      )
    if (flags.check) requireHealthy(status)
    if (!flags.watch) return
    await delay(WATCH_MS, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) selected = await context.selectAgain()
  } while (!signal.aborted)
}

/** @throws CliError of the first problem: KAFKA_UNREACHABLE, CLUSTER_UNREACHABLE or QUERY_FAILED. */
function requireHealthy({ problems: [first, ...others] }: StackStatus): void {
  if (!first) return
  const texts = [first, ...others].map(({ text }) => text)
  throw new CliError(first.code, `not healthy: ${texts.join('; ')}`, {
    hint: '`cpu-anomaly up` starts Kafka and Spark, `cpu-anomaly submit` the job; `cpu-anomaly logs driver -n 200` shows its log.',
  })
}
