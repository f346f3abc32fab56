/** A line of the input. */
export interface Line {
  readonly bytes: Buffer
  /** In the file, counted from 1. */
  readonly number: number
  /** Of its record; undefined: that of all records. */
  readonly key?: string | undefined
}

/** What is sent of a line, with the key of its record if it has one of its own. */
export type RecordLine = Buffer | { readonly bytes: Buffer; readonly key: string }

export const bytesOf = (line: RecordLine): Buffer => (Buffer.isBuffer(line) ? line : line.bytes)
export const keyOf = (line: RecordLine): string | undefined => (Buffer.isBuffer(line) ? undefined : line.key)

export const withKey = (bytes: Buffer, key: string | undefined): RecordLine =>
  key === undefined ? bytes : { bytes, key }

/** Numbers lines from 1. */
export async function* numbered(lines: AsyncIterable<readonly Buffer[]>): AsyncGenerator<Line[]> {
  let number = 0
  for await (const some of lines)
    yield some.map((bytes) => {
      number += 1
      return { bytes, number }
    })
}
