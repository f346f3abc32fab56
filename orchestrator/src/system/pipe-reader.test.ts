import { describe, expect, it } from 'vitest'
import { PipeReader } from './pipe-reader.ts'
import { startPipeline } from './pipeline.fixture.ts'

const onLinux = process.platform === 'linux'
const name = onLinux ? '' : ' (only Linux shows who reads a pipe)'

describe.skipIf(!onLinux)(`PipeReader${name}`, () => {
  it('notices that the reader of a pipe has gone', async () => {
    const { writeEnd, end } = await startPipeline('echo reader $$ >&2; exec sleep 60', ['reader'])
    const reader = new PipeReader(writeEnd)
    expect(reader.find()).toBe(true)
    expect(reader.isThere()).toBe(true)
    await end('reader')
    expect(reader.isThere()).toBe(false)
  })

  it('takes the end of one reader for no end while another one reads', async () => {
    const script = 'exec 3<&0; sleep 60 <&3 & echo heir $! >&2; echo reader $$ >&2; exec sleep 60'
    const { writeEnd, end } = await startPipeline(script, ['reader', 'heir'])
    const reader = new PipeReader(writeEnd)
    expect(reader.find()).toBe(true)
    await end('reader')
    expect(reader.isThere()).toBe(true)
    await end('heir')
    expect(reader.isThere()).toBe(false)
  })

  it('takes no process for a reader that has only the other end', async () => {
    const { writeEnd, end } = await startPipeline('echo reader $$ >&2; exec sleep 60', ['reader'])
    await end('reader')
    expect(new PipeReader(writeEnd).find()).toBe(false)
  })

  it.each(['/dev/null', '/proc/self/fd/9999'])('finds none of %s', (path) => {
    expect(new PipeReader(path).find()).toBe(false)
  })
})
