import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { packageRoot } from './helpers/stack.ts'

/** A clone in which nothing is built yet. Its packages are installed already, so that no test needs the network. */
async function newClone(): Promise<string> {
  const clone = await mkdtemp(join(tmpdir(), 'cpu-anomaly-clone-'))
  onTestFinished(() => rm(clone, { recursive: true, force: true }))
  const { stdout } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: packageRoot,
  })
  for (const file of stdout.split('\n'))
    await cp(join(packageRoot, file), join(clone, file), { preserveTimestamps: true })
  await execa('cp', ['-a', join(packageRoot, 'node_modules'), join(clone, 'node_modules')])
  await rm(join(clone, 'node_modules', '.bin', 'cpu-anomaly'), { force: true })
  return clone
}

describe('in a fresh clone', () => {
  it('npx cpu-anomaly builds the program, and then runs it', async () => {
    const clone = await newClone()
    const cache = join(clone, 'npm-cache') // npx keeps a link to the clone there
    const npx = (...args: string[]) =>
      execa('npx', ['cpu-anomaly', ...args], {
        cwd: clone,
        env: { npm_config_cache: cache, npm_config_offline: 'true' },
        reject: false,
      })
    const first = await npx('config', '--json')
    expect(first).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('Building') })
    const settings = first.stdout.split('\n').map((line) => JSON.parse(line))
    expect(settings).toContainEqual({ key: 'NORMAL_MEAN', value: '14.5', origin: 'default' })
    const second = await npx('config', '--set', 'NORMAL_STDDEV=0')
    expect(second).toMatchObject({
      exitCode: 2,
      stdout: '',
      stderr: expect.stringContaining('NORMAL_STDDEV=0'),
    })
    expect(second.stderr).not.toContain('Building')
  })

  it('completes an install without development packages, whatever NODE_ENV says', async () => {
    const clone = await newClone()
    await rm(join(clone, 'node_modules', 'typescript'), { recursive: true })
    // Stands for npm, so that no test needs the network: it installs what is missing, if it is asked for all.
    const bin = join(clone, 'bin-of-test')
    await mkdir(bin)
    const script = `#!/bin/sh\ncase "$*" in *--include=dev*) cp -a '${join(packageRoot, 'node_modules', 'typescript')}' node_modules/;; esac\n`
    await writeFile(join(bin, 'npm'), script, { mode: 0o755 })
    const env = { NODE_ENV: 'production', npm_config_omit: 'dev', PATH: `${bin}:${process.env.PATH}` }
    const command = join(clone, 'orchestrator', 'bin', 'cpu-anomaly.mjs')
    const first = await execa(command, ['--version'], { cwd: clone, env, reject: false })
    expect(first).toMatchObject({ exitCode: 0, stderr: expect.stringMatching(/^Installing.*\nBuilding/) })
    const second = await execa(command, ['--version'], { cwd: clone, env, reject: false })
    expect(second).toMatchObject({ exitCode: 0, stderr: '' })
  })
})
