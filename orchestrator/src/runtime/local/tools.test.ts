import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { load } from '../../config/load.fixture.ts'
import { newFolder } from '../../system/folder.fixture.ts'
import { localChecks } from './checks.ts'
import { findJava, findPython, requireUserName } from './tools.ts'

/** A folder for PATH with a program that writes down how it is called, and then runs this script. */
async function folderWith(program: string, script: string): Promise<string> {
  const folder = await newFolder()
  const file = join(folder, program)
  await writeFile(file, `#!/bin/sh\necho "$*" >>'${folder}/calls'; env >'${folder}/env'\n${script}\n`)
  await chmod(file, 0o755)
  return folder
}

const pathOf = (folder: string) => `${folder}:/usr/bin:/bin`

describe('findPython', () => {
  it("keeps the modules of the user's folder and the variables of the shell from Python", async () => {
    const folder = await folderWith('python3', 'echo "3.12.1 "')
    const shell = { PATH: pathOf(folder), PYTHONPATH: '/theirs', KAFKA_PASSWORD: 'secret' }
    expect(await findPython(shell)).toEqual({ path: 'python3', version: '3.12.1' })
    const calls = (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n')
    expect(calls).toHaveLength(2)
    for (const call of calls) expect(call).toMatch(/^-I -c import /)
    expect(await readFile(join(folder, 'env'), 'utf8')).not.toMatch(/PYTHONPATH|KAFKA_PASSWORD/)
  })
})

describe('the check of Python', () => {
  it('judges what the driver gets, also by CPU_ANOMALY_PASS_ENV', async () => {
    const isolated = 'case "$1" in -I) echo "3.12.1 "; exit;; esac'
    const folder = await folderWith(
      'python3',
      `${isolated}\n[ -z "$PYTHONHOME" ] || { echo no encodings >&2; exit 1; }`,
    )
    const { config } = await load({}, folder)
    const check = (env: Record<string, string>) =>
      localChecks({ config, env: { PATH: pathOf(folder), ...env } })
        .find(({ title }) => title === 'Python')
        ?.run(new AbortController().signal)
    const PYTHONHOME = '/nonexistent'
    expect(await check({ PYTHONHOME })).toBe('python3 3.12.1, with venv')
    await expect(check({ PYTHONHOME, CPU_ANOMALY_PASS_ENV: 'PYTHONHOME' })).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      details: ['no encodings'],
      hint: expect.stringContaining('CPU_ANOMALY_PASS_ENV'),
    })
  })
})

describe('findJava', () => {
  it('takes JAVA_HOME before PATH, and gives Java no other options of the shell', async () => {
    const folder = await folderWith('java', `echo 'openjdk version "21.0.2"' >&2`)
    const shell = { PATH: pathOf(folder), JAVA_TOOL_OPTIONS: '-Dx', KAFKA_PASSWORD: 'secret' }
    expect(await findJava(shell)).toEqual({ path: 'java', version: '21.0.2' })
    expect(await readFile(join(folder, 'env'), 'utf8')).not.toMatch(/JAVA_TOOL_OPTIONS|KAFKA_PASSWORD/)
    await expect(findJava({ ...shell, JAVA_HOME: '/nonexistent' })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('no Java found (JAVA_HOME=/nonexistent)'),
    })
    await expect(findJava({ ...shell, JAVA_HOME: 'jdk' })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: expect.stringContaining('JAVA_HOME=jdk is not an absolute path'),
    })
  })
})

describe('requireUserName', () => {
  it('is the name of the user', () => {
    expect(requireUserName()).toMatch(/\S/)
  })
})
