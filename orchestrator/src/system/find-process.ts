import { readdir, readFile } from 'node:fs/promises'
import { groupOf, identify, type ProcessIdentity } from './process-identity.ts'
import { lastLines, tryRun } from './run.ts'

/**
 * A process that leads its process group, as each that outlives its command does, and whose command line (program and
 * arguments, separated by blanks) is the wanted one. Undefined if there is none, or if this user may not see it.
 */
export async function findProcess(
  isWanted: (commandLine: string) => boolean,
): Promise<ProcessIdentity | undefined> {
  for (const [pid, commandLine] of await commandLines())
    if (isWanted(commandLine) && pid !== process.pid && (await groupOf(pid)) === pid) {
      const found = await identify(pid)
      if (found) return found
    }
  return undefined
}

async function commandLines(): Promise<(readonly [pid: number, commandLine: string])[]> {
  if (process.platform !== 'linux') {
    const ps = await tryRun(['ps', ['-axww', '-o', 'pid=,command=']])
    return lastLines(ps?.stdout ?? '', Number.POSITIVE_INFINITY).map((line) => {
      const [, pid, commandLine] = line.match(/^\s*(\d+) (.*)$/) ?? []
      return [Number(pid), commandLine ?? ''] as const
    })
  }
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  return Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return [pid, text.replace(/\0$/, '').replaceAll('\0', ' ')] as const
    }),
  )
}
