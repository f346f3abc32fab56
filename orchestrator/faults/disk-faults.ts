import { statfs, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { CONTINUES, type Fault } from './fault.ts'

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
      const filler = join(trial.stack.folder, 'filler')
      const { bavail, bsize } = await statfs(trial.stack.folder)
      // Without room to spare: `fallocate` takes what is there, or fails at the end, when the disk is full as well.
      await execa(
        'dd',
        ['if=/dev/zero', `of=${filler}`, 'bs=1M', `count=${Math.ceil((bavail * bsize) / 2 ** 20)}`],
        {
          reject: false,
        },
      )
      await sleep(trial.random.integer(3, 8) * 1_000)
      await unlink(filler)
      await trial.repair()
      return CONTINUES
    },
  },
]
