import { execa } from 'execa'
import type { RuntimeUnderTest } from './stack.ts'

export interface Candidate {
  readonly runtime: RuntimeUnderTest
  readonly available: boolean
  /** For the name of a suite: the runtime and, if it cannot be tested here, the reason. */
  readonly title: string
}

/** Both runtimes; docker is not available if no engine answers. */
export async function candidates(): Promise<Candidate[]> {
  const docker = await execa('docker', ['version', '--format', '{{.Server.Version}}'], { reject: false })
  const available = docker.exitCode === 0
  return [
    { runtime: 'local', available: true, title: 'local' },
    { runtime: 'docker', available, title: available ? 'docker' : 'docker (no Docker engine answers here)' },
  ]
}
