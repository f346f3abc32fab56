import { expect, it } from 'vitest'
import { processWith } from './command-line.fixture.ts'
import { findProcess } from './find-process.ts'

it('finds a process that leads its group by its command line, and no other', async () => {
  const argument = `/a folder/${process.pid}-${Date.now()}`
  const found = await processWith('--state', argument)
  expect(await findProcess((line) => line.endsWith(` --state ${argument}`))).toEqual(found)
  expect(await findProcess((line) => line.endsWith(` --state ${argument}0`))).toBeUndefined()
})

it('finds no process that another one has started in its own group', async () => {
  const isThis = (line: string) => line.includes('vitest')
  expect((await findProcess(isThis))?.pid).not.toBe(process.pid)
})
