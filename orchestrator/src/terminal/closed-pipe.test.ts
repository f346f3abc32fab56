import { once } from 'node:events'
import { expect, it } from 'vitest'
import { PipeReader } from '../system/pipe-reader.ts'
import { startPipeline } from '../system/pipeline.fixture.ts'
import { ReaderGone, untilReaderGone } from './closed-pipe.ts'

const onLinux = process.platform === 'linux'
const READER = 'echo reader $$ >&2; exec sleep 60'

it.skipIf(!onLinux)('aborts when the reader of the pipe goes, and not before', async () => {
  const { writeEnd, end } = await startPipeline(READER, ['reader'])
  const signal = untilReaderGone(new AbortController().signal, new PipeReader(writeEnd))
  const aborted = once(signal, 'abort')
  expect(signal.aborted).toBe(false)
  await end('reader')
  await aborted
  expect(signal.reason).toBeInstanceOf(ReaderGone)
})

it.skipIf(!onLinux)('aborts with the given signal', async () => {
  const { writeEnd } = await startPipeline(READER, ['reader'])
  const controller = new AbortController()
  const signal = untilReaderGone(controller.signal, new PipeReader(writeEnd))
  controller.abort()
  expect(signal.aborted).toBe(true)
})

it('is the given signal if stdout is not a pipe', () => {
  const { signal } = new AbortController()
  expect(untilReaderGone(signal, new PipeReader('/dev/null'))).toBe(signal)
})
