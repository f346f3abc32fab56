import { basename, dirname } from 'node:path/posix'
import type Docker from 'dockerode'
import { CliError } from '../../../errors.ts'
import { lastLines } from '../../../system/run.ts'
import type { CheckpointStore } from '../../runtime.ts'
import { setAsideName } from '../../set-aside.ts'
import { execIn } from '../container/exec.ts'
import { putFiles, readTextFile } from '../container/files.ts'
import { CHECKPOINT_DIR, SPARK_UID } from '../container/project.ts'

/** The checkpoint in the volume that master, workers and driver share, accessed through the running master. */
export function volumeCheckpoint(location: string, master: () => Promise<Docker.Container>): CheckpointStore {
  return {
    location,
    async read(name) {
      return readTextFile(await master(), `${CHECKPOINT_DIR}/${name}`)
    },
    async write(name, text) {
      const container = await master()
      const dir = basename(CHECKPOINT_DIR)
      await putFiles(container, dirname(CHECKPOINT_DIR), [
        { path: `${dir}/`, mode: 0o755, uid: SPARK_UID },
        { path: `${dir}/${name}.part`, content: text, mode: 0o644, uid: SPARK_UID },
      ])
      await execOrThrow(container, ['mv', `${CHECKPOINT_DIR}/${name}.part`, `${CHECKPOINT_DIR}/${name}`])
    },
    async hasCommits() {
      const commits = `${CHECKPOINT_DIR}/commits`
      const { stdout } = await execIn(await master(), ['find', commits, '-name', '[0-9]*', '-print', '-quit'])
      return stdout.trim() !== ''
    },
    async setAside() {
      const container = await master()
      const target = setAsideName(CHECKPOINT_DIR)
      const { exitCode } = await execIn(container, ['test', '-e', CHECKPOINT_DIR])
      if (exitCode === 0) await execOrThrow(container, ['mv', CHECKPOINT_DIR, target])
      return `${target} in the volume`
    },
  }
}

/** @throws CliError STORAGE when the program fails. */
async function execOrThrow(container: Docker.Container, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execIn(container, argv)
  if (exitCode === 0) return
  throw new CliError('STORAGE', `the checkpoint's volume could not be changed: ${argv[0]} failed`, {
    details: lastLines(stderr, 5),
    hint: 'Check the cluster with `cpu-anomaly status` and `cpu-anomaly logs spark`.',
  })
}
