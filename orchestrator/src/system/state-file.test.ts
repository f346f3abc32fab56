import { readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { newFolder } from './folder.fixture.ts'
import { stateFile } from './state-file.ts'

// A disk cannot be filled in a test.
const { write } = vi.hoisted(() => ({ write: vi.fn<typeof writeFile>() }))
vi.mock('node:fs/promises', async (original) => ({ ...(await original<object>()), writeFile: write }))
beforeEach(async () => {
  const { writeFile: real } = await vi.importActual<{ writeFile: typeof writeFile }>('node:fs/promises')
  write.mockImplementation(real)
})

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

  it('is replaced also on a full disk, if there is one already', async () => {
    const file = stateFile(await newPath(), schema)
    await file.write({ pid: 4711, process: { start: 'a long time ago' } })
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    write.mockRejectedValue(full)
    await file.write({ pid: 2 })
    expect(await file.read()).toEqual({ pid: 2 })
    await file.remove()
    await expect(file.write({ pid: 3 })).rejects.toBe(full)
    expect(await readdir(dirname(file.path))).toEqual([])
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
