import { parseResult, type WindowResult } from '../anomaly/result.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'

const MAX_WARNINGS = 5

/** Parses the records of the output topic; skips records that are not results, with a warning for the first few. */
export class ResultReader {
  #skipped = 0
  readonly #warn: (line: string) => void

  constructor(warn: (line: string) => void) {
    this.#warn = warn
  }

  read(records: readonly TopicRecord[]): WindowResult[] {
    return records.flatMap((record) => {
      const parsed = parseResult(record.value)
      if (parsed.ok) return [parsed.result]
      this.#skip(record, parsed.why)
      return []
    })
  }

  #skip({ partition, offset }: TopicRecord, why: string): void {
    this.#skipped += 1
    if (this.#skipped > MAX_WARNINGS) return
    const more = this.#skipped === MAX_WARNINGS ? ' (further ones are not reported)' : ''
    this.#warn(`the record at partition ${partition}, offset ${offset} is not a result: ${why}${more}`)
  }
}
