import { expect, it } from 'vitest'
import { abandonedDisks } from './small-disk.ts'

const MOUNTS = [
  'cpu-anomaly /tmp/cpu-anomaly-disk-12-abc tmpfs rw 0 0',
  'cpu-anomaly /tmp/cpu-anomaly-disk-34-def tmpfs rw 0 0',
  'other /tmp/cpu-anomaly-disk-12-ghi tmpfs rw 0 0',
  'cpu-anomaly /srv/data-12-x tmpfs rw 0 0',
].join('\n')

it('finds the disks of runs that were killed, and leaves those of others alone', () => {
  expect(abandonedDisks(MOUNTS, (pid) => pid === 34)).toEqual(['/tmp/cpu-anomaly-disk-12-abc'])
})
