import type { Output } from './output.ts'

interface RecordedStep {
  readonly title: string
  readonly updates: string[]
  /** The text that it ended with; undefined if the step failed or kept its title. */
  text: string | undefined
}

/** Output that is kept instead of printed. */
export class RecordedOutput implements Output {
  isTerminal = false
  readonly results: string[] = []
  /** What was printed as JSON, parsed again. */
  readonly values: unknown[] = []
  readonly notes: string[] = []
  readonly warnings: string[] = []
  readonly steps: RecordedStep[] = []

  readonly result = (line: string): void => void this.results.push(line)
  readonly note = (line: string): void => void this.notes.push(line)
  readonly warn = (line: string): void => void this.warnings.push(line)
  readonly json = (value: unknown): void => void this.values.push(JSON.parse(JSON.stringify(value)))

  readonly step: Output['step'] = (title, work) => {
    const step: RecordedStep = { title, updates: [], text: undefined }
    this.steps.push(step)
    return work({
      update: (detail) => void step.updates.push(detail),
      done: (text) => {
        step.text = text
      },
    })
  }
}
