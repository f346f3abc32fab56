import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { newScratch } from './scratch.ts'

it('removes the folder of a process that is gone, and no other', async () => {
  const run = await newFolder()
  const gone = execa('true')
  await gone
  const others = [`calibrate-${process.pid}-other`, 'bench-01234567']
  for (const name of [`calibrate-${gone.pid}-a`, ...others])
    await mkdir(join(run, name, 'spark'), { recursive: true })
  const mine = basename(await newScratch(run))
  expect((await readdir(run)).sort()).toEqual([...others, mine].sort())
})

it('makes none in a folder that is not there', async () => {
  const run = join(await newFolder(), 'storage', 'run')
  const scratch = await newScratch(run)
  onTestFinished(() => rm(scratch, { recursive: true }))
  expect(scratch).not.toContain(run)
})
