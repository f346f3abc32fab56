import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gunzipSync, constants as zlib } from 'node:zlib'
import { CliError, errorMessage } from '../errors.ts'
import type { KafkaAccess } from '../kafka/access.ts'
import { topicBounds } from '../kafka/read-range.ts'
import { isOtherHeader } from '../table/names.ts'
import { openTable, type Table, type TableOptions } from '../table/open-table.ts'
import { fileSource } from '../table/sample-source.ts'

export type Source =
  | { readonly kind: 'topic'; readonly name: string }
  /** An absolute path. Without a table, Spark reads the file itself. */
  | { readonly kind: 'file'; readonly path: string; readonly table?: Table }

const HEAD_BYTES = 64 * 1024
/** A line that the job takes for a sample. */
const SAMPLE = /^[ \t]*\d{13}[ \t]*,[ \t]*[-+.\d]/m

/** A path that exists is a file, and what looks like a path must exist; anything else is a topic. */
export async function findSource(text: string | undefined, inputTopic: string): Promise<Source> {
  if (text === undefined) return { kind: 'topic', name: inputTopic }
  const path = resolve(text)
  const found = await stat(path).catch(() => undefined)
  if (found?.isDirectory()) throw usage(`${text} is a folder`, 'Name a file of time_millis,cpu lines.')
  if (found) return { kind: 'file', path }
  if (/[/\\]|\.(?:csv|txt|gz|json|tsv)$/i.test(text))
    throw usage(`there is no file ${text}`, 'Check the path.')
  return { kind: 'topic', name: text }
}

/**
 * A file of plain samples is left to Spark; any other is a table, of which columns are recognized.
 * @throws CliError USAGE that says why a file cannot be read.
 */
export async function withTable(source: Source, columns: TableOptions): Promise<Source> {
  if (source.kind === 'topic') return source
  const { timezone: _, ...told } = columns
  const isTold = Object.values(told).some((value) => value !== undefined)
  const head = await readHead(source.path)
  const [firstLine = ''] = head.split('\n', 1)
  if (SAMPLE.test(head) && !isOtherHeader(firstLine) && !isTold) return source
  if (isCompressed(source.path))
    throw usage(
      `${source.path} is compressed, and not of lines time_millis,cpu`,
      'Unpack it first, with gunzip.',
    )
  return { ...source, table: await openTable(await fileSource(source.path), columns) }
}

/** Spark goes by the name, too. */
const isCompressed = (path: string): boolean => path.endsWith('.gz')

async function readHead(path: string): Promise<string> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (!(await file.stat()).isFile()) throw new Error('not a file: Spark reads it more than once')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const bytes = buffer.subarray(0, bytesRead)
    // The head is cut off somewhere.
    const head = isCompressed(path) ? gunzipSync(bytes, { finishFlush: zlib.Z_SYNC_FLUSH }) : bytes
    return head.toString('latin1')
  } catch (error) {
    throw usage(`${path} cannot be read: ${errorMessage(error)}`, 'Check the path and its permissions.')
  }
}

/** @throws CliError NO_SUCH_TOPIC; USAGE for a topic without records. */
export async function requireRecords(access: KafkaAccess, topic: string, signal: AbortSignal): Promise<void> {
  const { begin, end } = await topicBounds(access, topic, signal).catch((error: unknown) => {
    if (!(error instanceof CliError) || error.code !== 'NO_SUCH_TOPIC') throw error
    throw new CliError('NO_SUCH_TOPIC', `there is no topic ${topic}, and no file of this name`, {
      hint: 'Check the name. `cpu-anomaly up` creates the topics of this folder.',
      cause: error,
    })
  })
  if ([...end].some(([partition, last]) => last > (begin.get(partition) ?? 0n))) return
  throw usage(
    `the topic ${topic} is empty, so it does not show what is normal`,
    'Send samples with `cpu-anomaly produce`, or name a file.',
  )
}

const usage = (message: string, hint: string) => new CliError('USAGE', message, { hint })
