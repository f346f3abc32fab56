import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { withTable } from './source.ts'

const PLAIN = '1509009792670,13.64\n'.repeat(20_000)
const TABLE = 'timestamp,value\n2026-01-31T08:00:00Z,12.5\n'

async function opened(name: string, content: string | Buffer, columns = {}) {
  const path = join(await newFolder(), name)
  await writeFile(path, content)
  return withTable({ kind: 'file', path }, columns)
}

it.each([
  ['plain lines', 'a.csv', PLAIN],
  ['plain lines, compressed', 'a.csv.gz', gzipSync(PLAIN)],
])('leaves %s to Spark', async (_, name, content) => {
  expect(await opened(name, content, { timezone: 'UTC' })).toEqual({
    kind: 'file',
    path: expect.stringContaining(name),
  })
})

it('recognizes the columns of a table', async () => {
  expect(await opened('a.csv', TABLE)).toMatchObject({ table: { count: 1 } })
})

it.each([
  ['a table, compressed', 'a.csv.gz', gzipSync(TABLE), {}, /is compressed, and not of lines/],
  ['compressed lines with told columns', 'a.csv.gz', gzipSync(PLAIN), { cpu: '2' }, /is compressed/],
  ['what is named like it, and is not compressed', 'a.csv.gz', PLAIN, {}, /cannot be read: .*header/],
])('refuses %s', async (_, name, content, columns, message) => {
  await expect(opened(name, content, columns)).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringMatching(message),
  })
})
