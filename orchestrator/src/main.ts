#!/usr/bin/env node
import { exitCodeOf, printError } from './cli/report.ts'
import { listenForSignals } from './cli/signals.ts'
import { flushed, watchStdStreams } from './cli/std-streams.ts'
import { buildProgram } from './program.ts'

const debug = process.argv.includes('--debug')
const signals = listenForSignals()
watchStdStreams(process, { debug, exit: process.exit, readerGone: signals.readerGone })

try {
  await buildProgram(signals.signal).parseAsync()
} catch (error) {
  if (!signals.signal.aborted) printError(error, debug)
  process.exitCode = signals.exitCode ?? exitCodeOf(error)
}
process.exitCode = signals.exitCode ?? process.exitCode ?? 0
await flushed(process.stdout)
// The sockets of a broken connection must not keep a finished command alive.
process.exit()
