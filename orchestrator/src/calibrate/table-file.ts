import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Table } from '../table/open-table.ts'

/** Writes the samples of a table as Spark reads them: `time_millis,cpu`, and after another comma the series, if it has some. */
export async function writeSamples(table: Table, file: string, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.from(linesOf(table)), createWriteStream(file, { mode: 0o600 }), { signal })
}

async function* linesOf({ samples, series }: Table): AsyncGenerator<string> {
  for await (const some of samples())
    yield some
      .map(({ timeMs, cpu, series: name = '' }) =>
        series ? `${timeMs},${cpu},${oneLine(name)}\n` : `${timeMs},${cpu}\n`,
      )
      .join('')
}

/** A quoted field may hold a line end, which would end the sample here. */
const oneLine = (name: string): string => name.replace(/[\r\n]+/g, ' ')
