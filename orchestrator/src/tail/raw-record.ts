import { decodeUtf8 } from '../anomaly/result.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { escapeControls } from '../terminal/text.ts'

/** Formats a record of any topic as one escaped line: `partition offset time key value`. */
export function formatRawRecord({ partition, offset, timestampMs, key, value }: TopicRecord): string {
  return [partition, offset, isoTime(timestampMs), escapedText(key), escapedText(value)].join('  ')
}

/** The same for programs; bytes that are not UTF-8 become `{"base64": ...}`. */
export function rawRecordJson({ partition, offset, timestampMs, key, value }: TopicRecord): object {
  return {
    partition,
    offset: Number(offset),
    time: isoTime(timestampMs),
    key: jsonText(key),
    value: jsonText(value),
  }
}

/** A record without a timestamp has -1, and a producer may set any number: those are shown as they are. */
function isoTime(timestampMs: number): string {
  const time = new Date(timestampMs)
  return timestampMs >= 0 && Number.isFinite(time.getTime()) ? time.toISOString() : String(timestampMs)
}

function escapedText(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  const text = decodeUtf8(bytes)
  return text === undefined ? `base64:${bytes.toString('base64')}` : escapeControls(text)
}

function jsonText(bytes: Buffer | null): string | null | { base64: string } {
  if (bytes === null) return null
  return decodeUtf8(bytes) ?? { base64: bytes.toString('base64') }
}
