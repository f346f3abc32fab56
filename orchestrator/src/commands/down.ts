import type { CommandRun } from '../command.ts'
import { confirm } from '../confirm.ts'
import { CliError } from '../errors.ts'
import type { Output } from '../output.ts'
import { withFolderLock } from '../runtime/folder-lock.ts'
import type { StoppedPart } from '../runtime/runtime.ts'
import { releaseRuntime, type Selected, selectStarted } from '../runtime/select.ts'
import { stopJob } from './stop.ts'

interface Flags {
  readonly volumes?: boolean
  readonly yes?: boolean
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output, signal } = context
  const selected = await selectStarted(context)
  if (!selected) {
    if (flags.json) output.json({ stopped: [], removed: [] })
    else output.note('Nothing was started in this folder.')
    return
  }
  if (flags.volumes && !flags.yes) await confirmRemoval(selected, signal)
  const { stopped, removed } = await withFolderLock(selected.storage, signal, () =>
    takeDown(selected, flags.volumes === true, output, signal),
  )
  if (flags.json) output.json({ stopped, removed })
  else for (const line of report(stopped, removed)) output.note(line)
}

/** Stops job, Spark and Kafka, in this order, and forgets the choice of runtime. */
export async function takeDown(selected: Selected, volumes: boolean, output: Output, signal: AbortSignal) {
  const { runtime } = selected
  const job = await stopJob(selected, output, signal)
  const parts = await output.step('Kafka and Spark', async (step) => {
    step.update('stopping')
    const gone = await runtime.stop(signal)
    step.done(gone.length > 0 ? 'Kafka and Spark are down' : 'Kafka and Spark were not running')
    return gone
  })
  const removed = volumes ? await runtime.removeVolumes() : []
  await releaseRuntime(selected)
  const stopped: StoppedPart[] = [
    ...(job === 'not-running' ? [] : [{ part: 'job', gone: ['driver', 'supervisor'] }]),
    ...parts,
  ]
  return { stopped, removed }
}

async function confirmRemoval({ storage }: Selected, signal: AbortSignal): Promise<void> {
  const sure = await confirm(`Remove all Kafka data and the checkpoint of ${storage.root}?`, signal)
  if (!sure) throw new CliError('NOT_STARTED', 'nothing was changed', { hint: 'Answer y, or give --yes.' })
}

function report(stopped: readonly StoppedPart[], removed: readonly string[]): string[] {
  return [
    ...stopped.map(({ part, gone }) => `stopped  ${part}: ${gone.join(', ')} gone`),
    ...removed.map((place) => `removed  ${place}`),
    ...(removed.length === 0
      ? ['kept     Kafka data and checkpoint (remove them with `down --volumes`)']
      : []),
  ]
}
