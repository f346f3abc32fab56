#!/usr/bin/env node
import { exitCodeOf, printError } from './cli/report.ts'
import { listenForSignals } from './cli/signals.ts'
import { buildProgram } from './program.ts'

// A closed pipe (`| head`) is not an error: nothing reads the output any more.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

const signals = listenForSignals()
try {
  await buildProgram(signals.signal).parseAsync()
} catch (error) {
  if (!signals.signal.aborted) printError(error, process.argv.includes('--debug'))
  process.exitCode = signals.exitCode ?? exitCodeOf(error)
}
process.exitCode = signals.exitCode ?? process.exitCode ?? 0
await flushed(process.stdout)
// The sockets of a broken connection must not keep a finished command alive.
process.exit()

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return stream.writableLength === 0
    ? Promise.resolve()
    : new Promise((resolve) => stream.write('', () => resolve()))
}
