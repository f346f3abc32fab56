import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { readModules } from '../src/job/template.ts'
import { installSpark } from '../src/runtime/local/install-python.ts'
import { freePorts } from '../src/system/ports.ts'
import { packageRoot } from './helpers/stack.ts'

it('the packed package works in an empty folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cpu-anomaly-pack-'))
  const npx = (...args: string[]) => execa('npx', ['--no-install', 'cpu-anomaly', ...args], { cwd: folder })
  onTestFinished(async () => {
    await npx('down', '--volumes', '--yes')
    await rm(folder, { recursive: true, force: true })
  })
  const { stdout: tarball } = await execa('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: packageRoot,
  })
  await writeFile(join(folder, 'package.json'), '{"private":true}\n')
  await execa(
    'npm',
    ['install', '--no-audit', '--no-fund', join(folder, tarball.trim().split('\n').at(-1) ?? '')],
    { cwd: folder },
  )
  const sources = join(folder, 'node_modules', 'cpu-anomaly', 'spark-job')
  const shipped = (await readdir(sources, { recursive: true })).filter((path) =>
    path.includes('cpu_anomaly/'),
  )
  const modules = (await readModules()).map(({ path }) => path)
  expect(shipped.filter((path) => path.endsWith('.py')).sort()).toEqual(modules)
  expect(shipped.filter((path) => path.includes('__pycache__'))).toEqual([])
  await npx('init')
  const [kafka, ui] = await freePorts(2)
  const settings = ['--set', 'RUNTIME=local', '--set', `KAFKA_PORT=${kafka}`, '--set', `SPARK_UI_PORT=${ui}`]
  await npx('up', ...settings)
  await expectImports(sources)
  await npx('submit', ...settings)
  await npx('produce', '--live', '--seconds', '3', ...settings)
  const { stdout } = await npx(
    'tail',
    'anomaly',
    '--all',
    '--from',
    'earliest',
    '--limit',
    '3',
    '--json',
    ...settings,
  )
  expect(stdout.split('\n').map((line) => Object.keys(JSON.parse(line)))).toEqual(
    Array.from({ length: 3 }, () => [
      'window',
      'mean',
      'stddev',
      'count',
      'status',
      'score',
      'series',
      'normal_mean',
      'normal_stddev',
      'normal',
    ]),
  )
  await npx('down', ...settings)
})

/** Imports every script with the Python that `up` installed, in the strictest environment that a user may have. */
async function expectImports(sources: string): Promise<void> {
  const { python } = await installSpark({
    env: process.env as Record<string, string>,
    signal: new AbortController().signal,
    update: () => undefined,
  })
  await execa(python, ['-c', 'import job, warm_up, bench, calibrate, supervise'], {
    env: { PYTHONPATH: sources, PYTHONSAFEPATH: '1', PYTHONDONTWRITEBYTECODE: '1' },
  })
}
