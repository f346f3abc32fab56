import type { CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import type { LogPart } from '../runtime/runtime.ts'
import { untilReaderGone } from '../terminal/closed-pipe.ts'
import { escapeControls } from '../terminal/text.ts'

const PARTS: readonly LogPart[] = ['kafka', 'spark', 'driver']

interface Flags {
  readonly follow?: boolean
  readonly lines?: number
}

export const run: CommandRun<Flags> = async (context, [part = 'driver'], { follow = false, lines = 50 }) => {
  if (!isPart(part))
    throw new CliError('USAGE', `unknown log ${JSON.stringify(part)}`, {
      hint: `Use one of ${PARTS.join(', ')}.`,
    })
  const { runtime, config } = await context.select()
  for (const line of unusedFlags(config.resolved, 'logs')) context.output.warn(line)
  let shown = 0
  const signal = follow ? untilReaderGone(context.signal) : context.signal
  for await (const line of runtime.logs(part, { follow, lines }, signal)) {
    context.output.result(escapeControls(line))
    shown += 1
  }
  if (shown === 0 && !follow && lines > 0)
    context.output.note(`The log of ${part} is empty: it has not been started yet.`)
}

function isPart(name: string): name is LogPart {
  return (PARTS as readonly string[]).includes(name)
}
