import { createWriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { settlesWithin } from '../../system/deadline.ts'
import { MAX_LOG_BYTES } from '../supervisor-args.ts'
import { type LogSource, podLogs } from './pod-logs.ts'

/** How much of the log outlasts its pod: what commands read of it. */
const LINES = 2_500
/** The log of a container ends with it: what is still on its way then. */
const REST_MS = 3_000

/** Appends the driver's log to a file while `work` ends its pod: Kubernetes forgets the log with the pod. */
export async function savingLog<T>(source: LogSource, file: string, work: () => Promise<T>): Promise<T> {
  const over = new AbortController()
  const saved = appendLog(source, file, over.signal)
  try {
    return await work()
  } finally {
    await settlesWithin(saved, REST_MS)
    over.abort()
    await saved.catch(() => undefined) // it only explains what has happened
  }
}

async function appendLog(source: LogSource, file: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const size = (await stat(file).catch(() => undefined))?.size ?? 0
  if (size > MAX_LOG_BYTES) await rename(file, `${file}.1`)
  const text = async function* () {
    for await (const line of podLogs(source, { follow: true, lines: LINES }, signal)) yield `${line}\n`
  }
  await pipeline(Readable.from(text()), createWriteStream(file, { flags: 'a', mode: 0o600 }))
}
