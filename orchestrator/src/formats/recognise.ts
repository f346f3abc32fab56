import { recogniseBinary } from './binary.ts'
import { recogniseInflux } from './influx.ts'
import { recogniseShape } from './json-shapes.ts'
import type { SeenRecord, SeenSample, Sighting } from './sighting.ts'
import { recogniseTelegrafJson } from './telegraf.ts'

/** The job reads no larger records: `formats/text.py`. */
const MAX_RECORD_BYTES = 1024 * 1024

const nothing = (name: string): Sighting => ({ name, samples: [], remarks: [] })

export const EMPTY = 'empty records'

/** What one record looks like. It never throws, whatever the bytes are. */
export function recognise({ value }: SeenRecord): Sighting {
  if (value === null || value.length === 0) return nothing(EMPTY)
  if (value.length > MAX_RECORD_BYTES) return nothing('records of more than 1 MiB')
  const binary = recogniseBinary(value)
  if (binary) return binary
  const text = value.toString('utf8')
  if (text.trim() === '') return nothing(EMPTY)
  if (/^\s*[[{]/.test(text)) return recogniseJson(text)
  return recogniseCsv(text) ?? recogniseInflux(text) ?? nothing('text in no known format')
}

function recogniseJson(text: string): Sighting {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return nothing('broken JSON')
  }
  const known = recogniseTelegrafJson(json) ?? recogniseShape(json)
  if (!known) return { ...nothing('JSON in no known shape'), json }
  // Percent of a very large fraction is infinite.
  return { ...known, samples: known.samples.filter(({ cpu }) => Number.isFinite(cpu)) }
}

const CSV_LINE = /^\s*(-?\d{9,19})\s*,\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/

/** Half of the lines are enough: each line is judged on its own. */
function recogniseCsv(text: string): Sighting | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const samples = lines.flatMap((line): SeenSample[] => {
    const cpu = Number(CSV_LINE.exec(line)?.[2] ?? Number.NaN)
    return Number.isFinite(cpu) ? [{ cpu, series: undefined }] : []
  })
  if (samples.length * 2 < lines.length || samples.length === 0) return undefined
  return { name: 'csv (time_millis,cpu)', format: 'csv', samples, remarks: [] }
}
