import { rm, statfs, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { continues, type Fault } from './fault.ts'

/** Only root can mount a disk that is small enough to fill. */
const unfit: Fault['unfit'] = ({ runtime }) => {
  if (runtime === 'docker') return 'its volumes are on the disk of the engine'
  return process.getuid?.() === 0 ? undefined : 'only root can mount a small disk'
}

export const DISK_FAULTS: readonly Fault[] = [
  {
    name: 'disk: full for some seconds',
    unfit,
    async inject(trial) {
      const { folder } = trial.stack
      const filler = join(folder, 'filler')
      const { bavail, bsize } = await statfs(folder)
      const count = `count=${Math.ceil((bavail * bsize) / 2 ** 20)}`
      // It takes what is there, and fails at the end.
      await execa('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1M', count], { reject: false })
      await requireFull(folder)
      await sleep(trial.random.integer(3, 8) * 1_000)
      await unlink(filler)
      const overMs = Date.now()
      await trial.repair()
      return continues(overMs)
    },
  },
]

async function requireFull(folder: string): Promise<void> {
  const probe = join(folder, 'probe')
  const outcome = await writeFile(probe, Buffer.alloc(2 ** 20)).then(
    () => 'it took another megabyte',
    ({ code }: NodeJS.ErrnoException) => code,
  )
  await rm(probe, { force: true })
  if (outcome !== 'ENOSPC') throw new Error(`the disk is not full: ${outcome}`)
}
