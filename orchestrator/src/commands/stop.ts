import type { CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { stopJob } from '../stack/stop-job.ts'
import { withFolderLock } from '../storage/folder-lock.ts'

interface Flags {
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output, signal } = context
  for (const line of unusedFlags((await context.config()).resolved, 'stop')) output.warn(line)
  const selected = await context.selectStarted()
  const outcome = selected
    ? await withFolderLock(selected.storage, signal, () => stopJob(selected, output, signal), {
        withoutSpace: 'go on',
      })
    : 'not-running'
  if (flags.json) output.json({ job: outcome })
  else if (outcome === 'not-running') output.note('No job is running in this folder.')
}
