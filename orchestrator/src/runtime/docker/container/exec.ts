import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import type Docker from 'dockerode'

export interface ExecResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program in a running container and waits until it exits. */
export async function execIn(container: Docker.Container, argv: readonly string[]): Promise<ExecResult> {
  const exec = await container.exec({ Cmd: [...argv], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({})
  const [out, err] = [new PassThrough(), new PassThrough()]
  container.modem.demuxStream(stream, out, err)
  const close = () => {
    out.end()
    err.end()
  }
  stream.once('end', close).once('close', close).once('error', close)
  const [stdout, stderr] = await Promise.all([text(out), text(err)])
  const { ExitCode } = await exec.inspect()
  return { exitCode: ExitCode ?? 0, stdout, stderr }
}
