import { execa } from 'execa'
import type { RuntimeUnderTest } from './stack.ts'

export interface Candidate {
  readonly runtime: RuntimeUnderTest
  readonly available: boolean
  /** For the name of a suite: the runtime, and why it cannot be tested here. */
  readonly title: string
}

/** Both runtimes; the docker one with the reason where no engine answers. */
export async function candidates(): Promise<Candidate[]> {
  const docker = await execa('docker', ['version', '--format', '{{.Server.Version}}'], { reject: false })
  const available = docker.exitCode === 0
  return [
    { runtime: 'local', available: true, title: 'embedded' },
    { runtime: 'docker', available, title: available ? 'docker' : 'docker (no Docker engine answers here)' },
  ]
}
