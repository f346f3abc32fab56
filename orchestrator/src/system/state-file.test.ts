import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from './folder.fixture.ts'
import { stateFile } from './state-file.ts'

const newPath = async () => join(await newFolder(), 'run', 'job.json')

describe('a state file', () => {
  it('is read back as it was written, and leaves nothing else behind', async () => {
    const path = await newPath()
    const file = stateFile<{ pid: number }>(path, ['pid'])
    expect(await file.read()).toBeUndefined()
    await file.write({ pid: 4711 })
    expect(await file.read()).toEqual({ pid: 4711 })
    expect(await readdir(dirname(path))).toEqual(['job.json'])
    await file.remove()
    expect(await file.read()).toBeUndefined()
  })

  it.each([
    ['', 'it is empty'],
    ['\0\0\0', 'it is not a JSON object with "pid"'],
    ['{"pid":47', 'it is not a JSON object with "pid"'],
    ['[4711]', 'it is not a JSON object with "pid"'],
    ['{"qid":4711}', 'it is not a JSON object with "pid"'],
    ['null', 'it is not a JSON object with "pid"'],
  ])('that holds %j is damaged, which is not the same as absent', async (text, problem) => {
    const path = await newPath()
    const file = stateFile<{ pid: number }>(path, ['pid'])
    await file.write({ pid: 4711 })
    await writeFile(path, text)
    await expect(file.read()).rejects.toMatchObject({
      code: 'STORAGE',
      message: `${path} is damaged: ${problem}`,
    })
  })
})
