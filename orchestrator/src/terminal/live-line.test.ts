import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { LiveLine } from './live-line.ts'

function terminal(columns: number, isTTY = true) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { columns, isTTY })
  const written = () => String(stream.read() ?? '')
  return { stream: stream as unknown as NodeJS.WriteStream, written }
}

beforeEach(() => {
  vi.stubEnv('TERM', 'xterm-256color')
  onTestFinished(() => void vi.unstubAllEnvs())
})

describe('LiveLine', () => {
  it('overwrites itself and is erased when cleared', () => {
    const { stream, written } = terminal(80)
    const line = new LiveLine(stream, true)
    line.show('12 SAFE')
    const shown = written()
    expect(shown.startsWith('\r\u001b[J')).toBe(true)
    expect(stripVTControlCharacters(shown)).toBe('\r12 SAFE')
    line.clear()
    expect(written()).toBe('\r\u001b[J')
    line.clear()
    expect(written()).toBe('')
  })

  it('never fills the last column, where it would wrap, and shows that it is cut', () => {
    const { stream, written } = terminal(10)
    new LiveLine(stream, true).show('x'.repeat(50))
    expect(stripVTControlCharacters(written())).toBe(`\r${'x'.repeat(8)}…`)
  })

  it('counts the cells of wide characters', () => {
    const { stream, written } = terminal(10)
    const line = new LiveLine(stream, true)
    line.show('山'.repeat(20))
    expect(stripVTControlCharacters(written())).toBe('\r山山山山…')
    stream.columns = 5
    line.clear()
    expect(written()).toBe('\u001b[1A\r\u001b[J')
  })

  it('erases every row into which a narrower terminal has wrapped it', () => {
    const { stream, written } = terminal(80)
    const line = new LiveLine(stream, true)
    line.show('x'.repeat(79))
    written()
    stream.columns = 30
    line.clear()
    expect(written()).toBe('\u001b[2A\r\u001b[J')
  })

  it('counts a terminal without a width as 80 columns', () => {
    const { stream, written } = terminal(0)
    new LiveLine(stream, true).show('x'.repeat(100))
    expect(stripVTControlCharacters(written())).toBe(`\r${'x'.repeat(78)}…`)
  })

  it('writes nothing if the text is the same, or was just shown', () => {
    const { stream, written } = terminal(80)
    const line = new LiveLine(stream, true)
    line.show('a')
    written()
    line.show('a')
    line.show('b')
    expect(written()).toBe('')
  })

  it('writes nothing to a terminal that cannot move its cursor', () => {
    vi.stubEnv('TERM', 'dumb')
    const { stream, written } = terminal(80)
    new LiveLine(stream, true).show('a')
    expect(written()).toBe('')
  })

  it.each([
    ['a stream that is not a terminal', false, true],
    ['a disabled line', true, false],
  ])('writes nothing for %s', (_, isTTY, enabled) => {
    const { stream, written } = terminal(80, isTTY)
    const line = new LiveLine(stream, enabled)
    line.show('a')
    line.clear()
    expect(written()).toBe('')
  })
})
