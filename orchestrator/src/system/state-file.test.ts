import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { newFolder } from './folder.fixture.ts'
import { stateFile } from './state-file.ts'

const schema = z.object({ pid: z.number(), process: z.object({ start: z.string() }).optional() })
const newPath = async () => join(await newFolder(), 'run', 'job.json')

describe('a state file', () => {
  it('is read back as it was written, and leaves nothing else behind', async () => {
    const path = await newPath()
    const file = stateFile(path, schema)
    expect(await file.read()).toBeUndefined()
    await file.write({ pid: 4711 })
    expect(await file.read()).toEqual({ pid: 4711 })
    expect(await readdir(dirname(path))).toEqual(['job.json'])
    await file.remove()
    expect(await file.read()).toBeUndefined()
  })

  it.each([
    ['', 'it is empty'],
    ['\0\0\0', 'it is not a JSON object'],
    ['{"pid":47', 'it is not a JSON object'],
    ['[4711]', 'it is not a JSON object'],
    ['null', 'it is not a JSON object'],
    ['{"qid":4711}', 'it has no valid "pid"'],
    ['{"pid":"4711"}', 'it has no valid "pid"'],
    ['{"pid":4711,"process":{}}', 'it has no valid "process.start"'],
  ])('that holds %j is damaged, which is not the same as absent', async (text, problem) => {
    const path = await newPath()
    const file = stateFile(path, schema)
    await file.write({ pid: 4711 })
    await writeFile(path, text)
    await expect(file.read()).rejects.toMatchObject({
      code: 'STORAGE',
      message: `${path} is damaged: ${problem}`,
    })
  })
})
