import type { CommandContext, CommandRun } from '../cli/command.ts'
import { unusedFlags, unusedOnRuntime } from '../config/unused-settings.ts'
import { CliError, errorMessage } from '../errors.ts'
import { adviceAfterUp } from '../query/job-advice.ts'
import { confirmMoved } from '../stack/moved.ts'
import { isStackKey } from '../stack/record.ts'
import { claimRuntime } from '../stack/select.ts'
import { bringUp } from '../stack/up.ts'
import { withFolderLock } from '../storage/folder-lock.ts'
import { rememberStorage } from '../storage/known-storages.ts'
import { adoptCopy, provenance } from '../storage/mark.ts'
import { forAdministrator } from './for-administrator.ts'

interface Flags {
  readonly json?: boolean
  readonly workers?: number
  readonly adopt?: boolean
  readonly moved?: boolean
}

export const run: CommandRun<Flags> = async (base, _args, flags) => {
  const context = flags.workers ? base.withSettings([`SPARK_WORKERS=${flags.workers}`]) : base
  const { output, signal } = context
  if (flags.adopt && flags.moved)
    throw new CliError('USAGE', '--adopt and --moved contradict each other', {
      hint: 'Use --adopt in a copy, and --moved if there is no other folder with these data.',
    })
  if (flags.adopt) await adopt(context)
  if (flags.moved) await confirmMoved(await context.config())
  const selected = await context.select('stack')
  const { runtime, config, storage } = selected
  if (flags.workers && runtime.name !== 'docker')
    throw new CliError('USAGE', `--workers has no effect on the ${runtime.name} runtime`, {
      hint: 'Leave it out, or use the docker runtime: --set RUNTIME=docker.',
    })
  for (const line of unusedOnRuntime(config, runtime.name)) output.warn(line)
  const others = config.resolved.filter(({ key }) => !isStackKey(runtime.name, config.kafka, key))
  for (const line of unusedFlags(others, 'up')) output.warn(line)
  await claimRuntime(selected, output)
  await rememberStorage(config.folder, storage.root).catch((error: unknown) =>
    output.warn(
      `cannot remember STORAGE_DIR: ${errorMessage(error)}; do not change it while the stack is up`,
    ),
  )
  await forAdministrator(output, flags.json, () =>
    withFolderLock(storage, signal, () => bringUp(selected, output, signal)),
  )
  const driver = await runtime.driver()
  if (flags.json) {
    output.json({
      runtime: runtime.name,
      kafka: runtime.kafka.servers,
      storage: storage.root,
      parts: await runtime.parts(),
      driver,
    })
    return
  }
  output.note('')
  output.note(`Kafka       ${runtime.kafka.servers.join(',')}`)
  output.note(`Checkpoint  ${runtime.checkpoint.location}`)
  if (runtime.kafka.isOwn) output.note('Logs        npx cpu-anomaly logs kafka')
  for (const [label, text] of adviceAfterUp(driver)) output.note(`${label.padEnd(12)}${text}`)
}

/** @throws CliError USAGE when this folder is not a copy. */
async function adopt({ config, output }: CommandContext): Promise<void> {
  const { storageDir, folder } = await config()
  const found = await provenance(storageDir, folder)
  if (found.kind !== 'copied' && found.kind !== 'unknown')
    throw new CliError('USAGE', `${folder} is not a copy of a folder with a stack`, {
      hint: 'Leave --adopt out.',
    })
  await adoptCopy(storageDir, folder)
  output.note(
    `This copy of ${found.from} is now independent of it. Data that Docker keeps in volumes were not copied.`,
  )
}
