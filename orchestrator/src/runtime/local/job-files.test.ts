import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../../system/folder.fixture.ts'
import { writeJobFiles } from './job-files.ts'

it('replaces what an older version left, bytecode included', async () => {
  const dir = join(await newFolder(), 'rendered')
  await writeJobFiles(dir, [
    { path: 'job.py', text: 'old' },
    { path: 'cpu_anomaly/stale.py', text: 'old' },
    { path: 'cpu_anomaly/__pycache__/stale.cpython-312.pyc', text: 'old' },
  ])
  await writeJobFiles(dir, [
    { path: 'job.py', text: 'new' },
    { path: 'cpu_anomaly/accounting/auditor.py', text: 'audit' },
  ])
  const entries = await readdir(dir, { recursive: true })
  expect(entries.sort()).toEqual([
    'cpu_anomaly',
    'cpu_anomaly/accounting',
    'cpu_anomaly/accounting/auditor.py',
    'job.py',
  ])
  expect(await readFile(join(dir, 'job.py'), 'utf8')).toBe('new')
})
