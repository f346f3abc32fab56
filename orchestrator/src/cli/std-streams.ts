import { CliError } from '../errors.ts'
import { exitCodeOf, printError } from './report.ts'

interface Streams {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
}

interface Endings {
  readonly debug: boolean
  readonly exit: (code: number) => void
  readonly readerGone: () => void
}

/**
 * Ends the program when its results can no longer be written: as on Ctrl-C if their reader has gone (`| head`), at once
 * and with an error if the disk is full. Progress that cannot be written is no reason to end the work.
 */
export function watchStdStreams({ stdout, stderr }: Streams, { debug, exit, readerGone }: Endings): void {
  stderr.on('error', () => undefined)
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return readerGone()
    const failure = new CliError('STORAGE', `standard output cannot be written: ${error.message}`, {
      hint: 'What was printed is not complete.',
      cause: error,
    })
    printError(failure, debug)
    exit(exitCodeOf(failure))
  })
}

/** Waits until everything is written, or has failed: a file's error is reported only after the write has returned. */
export const flushed = (stream: NodeJS.WritableStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))
