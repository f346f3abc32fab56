import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, it, onTestFinished } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { ReaderGone, untilReaderGone } from './closed-pipe.ts'

const isLinux = process.platform === 'linux'

/** A pipe with one reader. */
async function pipe() {
  const path = join(await newFolder(), 'pipe')
  await execa('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  onTestFinished(() => closeSync(writer))
  return { path, writer, closeReader: () => closeSync(reader) }
}

it.skipIf(!isLinux)('aborts when the reader of the pipe goes, and not before', async () => {
  const { path, writer, closeReader } = await pipe()
  const signal = untilReaderGone(new AbortController().signal, writer, path)
  const aborted = once(signal, 'abort')
  expect(signal.aborted).toBe(false)
  closeReader()
  await aborted
  expect(signal.reason).toBeInstanceOf(ReaderGone)
})

it('aborts with the given signal', async () => {
  const { path, writer, closeReader } = await pipe()
  onTestFinished(closeReader)
  const controller = new AbortController()
  const signal = untilReaderGone(controller.signal, writer, path)
  controller.abort()
  expect(signal.aborted).toBe(true)
})

it('is the given signal if stdout is not a pipe', async () => {
  const file = openSync(join(await newFolder(), 'file'), 'w')
  onTestFinished(() => closeSync(file))
  const { signal } = new AbortController()
  expect(untilReaderGone(signal, file)).toBe(signal)
})
