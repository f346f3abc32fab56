import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, it, onTestFinished, vi } from 'vitest'
import { flushed, watchStdStreams } from './std-streams.ts'

/** A stream whose writes fail with this error code. */
const failing = (code: string) =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(`${code}: of the test`), { code })),
  })
const working = () => new Writable({ write: (_chunk, _encoding, done) => done() })

/** Writes one line to each stream; returns how the program ends and what was printed. */
async function outcome(stdout: Writable, stderr: Writable) {
  const ends: (number | 'interrupted')[] = []
  let printed = ''
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    printed += String(chunk)
    return true
  })
  onTestFinished(() => write.mockRestore())
  watchStdStreams(
    { stdout, stderr },
    {
      debug: false,
      exit: (code) => void ends.push(code),
      readerGone: () => void ends.push('interrupted'),
    },
  )
  stdout.write('result\n')
  stderr.write('progress\n')
  await Promise.all([flushed(stdout), flushed(stderr)])
  return { ends, printed: stripVTControlCharacters(printed) }
}

it('ends with one sentence and exit code 6 when results cannot be written', async () => {
  expect(await outcome(failing('ENOSPC'), working())).toEqual({
    ends: [6],
    printed:
      'error: standard output cannot be written: ENOSPC: of the test\n→ What was printed is not complete.\n',
  })
})

it.each([
  ['is interrupted when the reader of the results has gone', failing('EPIPE'), working(), ['interrupted']],
  ['goes on when progress cannot be written', working(), failing('ENOSPC'), []],
  ['goes on when the reader of the progress has gone', working(), failing('EPIPE'), []],
])('%s', async (_, stdout, stderr, ends) => {
  expect(await outcome(stdout, stderr)).toEqual({ ends, printed: '' })
})
