import { createInterface } from 'node:readline/promises'
import { CliError } from '../errors.ts'

/**
 * Asks on the terminal; true only for an explicit yes.
 * @throws CliError USAGE when stdin is not a terminal.
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new CliError('USAGE', `this needs an answer, but there is no terminal to ask on: ${question}`, {
      hint: 'Add --yes to continue without confirmation.',
    })
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    terminal.close()
  }
}
