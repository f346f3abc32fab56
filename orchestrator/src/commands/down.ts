import type { CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import type { Selected } from '../runtime/places.ts'
import type { StoppedPart } from '../runtime/runtime.ts'
import { stoppedText, takeDown } from '../stack/down.ts'
import { withFolderLock } from '../storage/folder-lock.ts'
import { confirm } from '../terminal/confirm.ts'

interface Flags {
  readonly volumes?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output, signal } = context
  for (const line of unusedFlags((await context.config()).resolved, 'down')) output.warn(line)
  const selected = await context.selectStarted()
  if (!selected) {
    if (flags.json) output.json({ stopped: [], removed: [], notRemoved: [] })
    else output.note('Nothing was started from this folder.')
    return
  }
  if (flags.volumes && !flags.yes) await confirmRemoval(selected, signal)
  const { stopped, removed, notRemoved } = await withFolderLock(
    selected.storage,
    signal,
    () => takeDown(selected, flags.volumes === true, output, signal),
    { withoutSpace: 'go on' },
  )
  for (const what of notRemoved) output.warn(`not removed: ${what}`)
  if (flags.json) output.json({ stopped, removed, notRemoved })
  else {
    for (const line of report(stopped, removed)) output.note(line)
    if (!flags.volumes) output.note(`kept     ${keptText(selected)} with \`down --volumes\`)`)
  }
}

/** @throws CliError DECLINED when the user does not confirm. */
async function confirmRemoval({ storage, runtime }: Selected, signal: AbortSignal): Promise<void> {
  const what = runtime.kafka.isOwn
    ? 'all Kafka data and every checkpoint, also those set aside, of'
    : 'every checkpoint, also those set aside, and what an own broker left, but nothing at KAFKA_SERVERS, of'
  const isConfirmed = await confirm(`Remove ${what} ${storage.root}?`, signal)
  if (!isConfirmed) throw new CliError('DECLINED', 'nothing was changed', { hint: 'Answer y, or use --yes.' })
}

function report(stopped: readonly StoppedPart[], removed: readonly string[]): string[] {
  return [...stopped.map(stoppedText), ...removed.map((what) => `removed  ${what}`)]
}

const keptText = ({ runtime }: Selected): string =>
  runtime.kafka.isOwn ? 'Kafka data and checkpoint (remove them' : 'checkpoint (remove it'
