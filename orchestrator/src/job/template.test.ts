import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { readModules, readTemplate } from './template.ts'

it('reads the Python modules of the package alone, sorted by path', async () => {
  const sources = await newFolder()
  const written = [
    'job.py',
    'cpu_anomaly/windows.py',
    'cpu_anomaly/accounting/auditor.py',
    'cpu_anomaly/__init__.py',
    'cpu_anomaly/__pycache__/windows.cpython-312.pyc',
    'cpu_anomaly/notes.txt',
  ]
  for (const path of written) {
    await mkdir(dirname(join(sources, path)), { recursive: true })
    await writeFile(join(sources, path), `# ${path}`)
  }
  expect(await readModules(sources)).toEqual([
    { path: 'cpu_anomaly/__init__.py', text: '# cpu_anomaly/__init__.py' },
    { path: 'cpu_anomaly/accounting/auditor.py', text: '# cpu_anomaly/accounting/auditor.py' },
    { path: 'cpu_anomaly/windows.py', text: '# cpu_anomaly/windows.py' },
  ])
})

it('ships every module of the package that a module or the template imports', async () => {
  const modules = await readModules()
  const shipped = new Set(modules.map(({ path }) => path))
  const texts = [await readTemplate(), ...modules.map(({ text }) => text)]
  const imported = texts.flatMap((text) =>
    [...text.matchAll(/^from (cpu_anomaly[\w.]*) import/gm)].map(([, name = '']) =>
      name.replaceAll('.', '/'),
    ),
  )
  expect(imported).toContain('cpu_anomaly/driver')
  for (const name of imported)
    expect(shipped.has(`${name}.py`) || shipped.has(`${name}/__init__.py`), name).toBe(true)
})
