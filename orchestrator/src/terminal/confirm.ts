import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { CliError } from '../errors.ts'

/**
 * Asks on the terminal; true only for an explicit yes, false at its end (Ctrl-D).
 * @throws CliError USAGE when stdin is not a terminal; the signal's reason when it aborts.
 */
export async function confirm(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new CliError('USAGE', `this needs an answer, but there is no terminal to ask on: ${question}`, {
      hint: 'Add --yes to continue without confirmation.',
    })
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  // While it reads, readline takes Ctrl-C for itself.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const end = once(terminal, 'close').then(() => '')
  try {
    const answer = await Promise.race([terminal.question(`${question} [y/N] `, { signal }), end])
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    signal.throwIfAborted()
    if ((error as Error).name === 'AbortError') return false // Ctrl-D
    throw error
  } finally {
    terminal.close()
  }
}
