import type { CommandRun } from '../cli/command.ts'
import { unusedOnRuntime } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { claimRuntime } from '../stack/select.ts'
import { bringUp } from '../stack/up.ts'
import { withFolderLock } from '../storage/folder-lock.ts'

interface Flags {
  readonly json?: boolean
  readonly workers?: number
}

export const run: CommandRun<Flags> = async (base, _args, flags) => {
  const context = flags.workers ? base.withSettings([`SPARK_WORKERS=${flags.workers}`]) : base
  const { output, signal } = context
  const selected = await context.select()
  if (flags.workers && selected.runtime.name === 'local')
    throw new CliError('USAGE', '--workers has no effect on the local runtime, which has no workers', {
      hint: 'Leave it out, or use the docker runtime: --set RUNTIME=docker.',
    })
  for (const line of unusedOnRuntime(selected.config.resolved, selected.runtime.name)) output.warn(line)
  await claimRuntime(selected)
  await withFolderLock(selected.storage, signal, () => bringUp(selected, output, signal))
  const { runtime, storage } = selected
  if (flags.json) {
    output.json({
      runtime: runtime.name,
      kafka: runtime.kafka.servers,
      storage: storage.root,
      parts: await runtime.parts(),
    })
    return
  }
  output.note('')
  output.note(`Kafka       ${runtime.kafka.servers.join(',')}`)
  output.note(`Checkpoint  ${runtime.checkpoint.location}`)
  output.note('Logs        npx cpu-anomaly logs kafka')
  output.note('Next        npx cpu-anomaly submit')
}
