import ora, { type Ora } from 'ora'
import { errorColors } from './colors.ts'
import { escapeControls } from './text.ts'

/** Results go to stdout, one per line; messages to a person go to stderr. */
export interface Output {
  /** Is stdout a terminal? */
  readonly isTerminal: boolean
  result(line: string): void
  json(value: unknown): void
  note(line: string): void
  warn(line: string): void
  /** Runs one titled piece of work, and shows its progress and its outcome. */
  step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T>
}

interface Step {
  /** Shows what is happening now after the title. */
  update(detail: string): void
  /** Sets the text that replaces the title when the step has finished. */
  done(text: string): void
}

export function terminalOutput(quiet = false): Output {
  const note = (line: string) => {
    if (!quiet) process.stderr.write(`${line}\n`)
  }
  return {
    isTerminal: process.stdout.isTTY === true,
    result: (line) => void process.stdout.write(`${line}\n`),
    json: (value) => void process.stdout.write(`${JSON.stringify(value)}\n`),
    note,
    warn: (line) => void process.stderr.write(`${errorColors.yellow('warning:')} ${line}\n`),
    step: (title, work) => runStep(title, work, quiet),
  }
}

async function runStep<T>(title: string, work: (step: Step) => Promise<T>, quiet: boolean): Promise<T> {
  // discardStdin would put the terminal into raw mode, where Ctrl-C no longer sends a signal.
  const spinner: Ora = ora({
    text: title,
    stream: process.stderr,
    discardStdin: false,
    isSilent: quiet,
  }).start()
  const startedAt = performance.now()
  let text = title
  try {
    const value = await work({
      update: (detail) => {
        spinner.text = `${title} ${errorColors.dim(escapeControls(detail))}`
      },
      done: (final) => {
        text = final
      },
    })
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    spinner.stopAndPersist({
      symbol: errorColors.green('✔'),
      text: `${text} ${errorColors.dim(`(${seconds} s)`)}`,
    })
    return value
  } catch (error) {
    spinner.stopAndPersist({ symbol: errorColors.red('✘'), text: title })
    throw error
  }
}
