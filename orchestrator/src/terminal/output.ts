import ora, { type Ora } from 'ora'
import { colors } from './colors.ts'
import { escapeControls } from './text.ts'

/** Results go to stdout, one a line; everything said to a person goes to stderr. */
export interface Output {
  /** Is stdout a terminal that a person reads? */
  readonly isTerminal: boolean
  result(line: string): void
  json(value: unknown): void
  note(line: string): void
  warn(line: string): void
  /** Runs one titled piece of work, showing that it goes on and how it ended. */
  step<T>(title: string, work: (step: Step) => Promise<T>): Promise<T>
}

interface Step {
  /** What is happening now, shown behind the title. */
  update(detail: string): void
  /** What the finished step is to say instead of its title. */
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
    warn: (line) => void process.stderr.write(`${colors.yellow('warning:')} ${line}\n`),
    step: (title, work) => runStep(title, work, quiet),
  }
}

async function runStep<T>(title: string, work: (step: Step) => Promise<T>, quiet: boolean): Promise<T> {
  // discardStdin would put the terminal into raw mode, where Ctrl-C is no signal any more.
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
        spinner.text = `${title} ${colors.dim(escapeControls(detail))}`
      },
      done: (final) => {
        text = final
      },
    })
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    spinner.stopAndPersist({ symbol: colors.green('✔'), text: `${text} ${colors.dim(`(${seconds} s)`)}` })
    return value
  } catch (error) {
    spinner.stopAndPersist({ symbol: colors.red('✘'), text: title })
    throw error
  }
}
