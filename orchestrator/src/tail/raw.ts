import { decodeUtf8 } from '../anomaly/record.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import { escapeControls } from '../terminal/text.ts'

/** A record of any topic on one line, escaped: `partition offset time key value`. */
export function formatRaw({ partition, offset, timestampMs, key, value }: TopicRecord): string {
  return [partition, offset, isoTime(timestampMs), shown(key), shown(value)].join('  ')
}

/** The same for programs; bytes that are not UTF-8 are given as `{"base64": ...}`. */
export function rawJson({ partition, offset, timestampMs, key, value }: TopicRecord): object {
  return {
    partition,
    offset: Number(offset),
    time: isoTime(timestampMs),
    key: plain(key),
    value: plain(value),
  }
}

/** Records without a time, and those whose producer made one up, have none that a calendar knows. */
function isoTime(timestampMs: number): string {
  const time = new Date(timestampMs)
  return timestampMs >= 0 && Number.isFinite(time.getTime()) ? time.toISOString() : String(timestampMs)
}

function shown(bytes: Buffer | null): string {
  if (bytes === null) return 'null'
  const text = decodeUtf8(bytes)
  return text === undefined ? `base64:${bytes.toString('base64')}` : escapeControls(text)
}

function plain(bytes: Buffer | null): string | null | { base64: string } {
  if (bytes === null) return null
  return decodeUtf8(bytes) ?? { base64: bytes.toString('base64') }
}
