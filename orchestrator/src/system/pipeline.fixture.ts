import { onTestFinished } from 'vitest'
import { startLineProcess } from './line-process.ts'
import { endProcess, identify } from './process-identity.ts'
import { arrived, notYet, waitUntil } from './wait.ts'

export interface Pipeline {
  /** The end of the pipe into which a silent program could write. */
  readonly writeEnd: string
  /** Ends a process of the reader. */
  end(name: string): Promise<void>
}

/** The pipe of a shell: `sleep 60 | reader`. The reader names its processes: `echo <name> <pid> >&2`. */
export async function startPipeline(reader: string, names: readonly string[]): Promise<Pipeline> {
  const pids = new Map<string, number>()
  const { pid: group } = await startLineProcess(
    ['sh', ['-c', `sh -c 'echo writer $$ >&2; exec sleep 60' | sh -c '${reader}'`]],
    {
      cwd: '/',
      env: { PATH: process.env.PATH ?? '' },
      onLine: () => {},
      onStderrLine: (line) => {
        const [name = '', pid] = line.split(' ')
        pids.set(name, Number(pid))
      },
    },
  )
  onTestFinished(() => void process.kill(-group))
  const missing = () => ['writer', ...names].filter((name) => !pids.has(name))
  await waitUntil(
    'the processes of the pipeline',
    async () => (missing().length === 0 ? arrived(undefined) : notYet(`without ${missing()}`)),
    { timeoutMs: 10_000 },
  )
  const pidOf = (name: string) => pids.get(name) ?? Number.NaN
  return {
    writeEnd: `/proc/${pidOf('writer')}/fd/1`,
    end: async (name) => {
      const identity = await identify(pidOf(name))
      if (identity) await endProcess(identity, { termTimeoutMs: 5_000 })
    },
  }
}
