import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { openTable } from '../table/open-table.ts'
import { fileSource } from '../table/sample-source.ts'
import { writeSamples } from './table-file.ts'

const written = async (text: string): Promise<string> => {
  const folder = await newFolder()
  const [from, to] = [join(folder, 'table.csv'), join(folder, 'samples.csv')]
  await writeFile(from, text)
  await writeSamples(await openTable(await fileSource(from)), to, new AbortController().signal)
  return readFile(to, 'utf8')
}

it('writes time and CPU of each row', async () => {
  const text = 'timestamp,value\n2026-01-31T08:00:00Z,12.5\n2026-01-31T08:00:01Z,13\n'
  expect(await written(text)).toBe('1769846400000,12.5\n1769846401000,13\n')
})

it('writes the series last, on one line', async () => {
  const text = 'host,time,cpu\n"a,\nb",2026-01-31T08:00:00Z,12.5\n'
  expect(await written(text)).toBe('1769846400000,12.5,a, b\n')
})
