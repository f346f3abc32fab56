import { afterEach, expect, it, vi } from 'vitest'
import { wantsColor } from './colors.ts'

it.each([
  [{}, true, true],
  [{ TERM: 'dumb' }, true, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  [{}, false, false],
  [{ CI: 'true' }, false, false],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, false, false],
  [{ FORCE_COLOR: '' }, false, false],
])('with %j on a terminal (%s), colours are wanted: %s', (env, isTerminal, wanted) => {
  expect(wantsColor(env, isTerminal)).toBe(wanted)
})

afterEach(() => void vi.unstubAllGlobals())

it.each([
  [true, false],
  [false, true],
])('standard output (a terminal: %s) and standard error (%s) have colours each for itself', async (...on) => {
  const [stdout, stderr] = on.map((isTTY) => ({ isTTY, write: vi.fn() }))
  vi.stubGlobal('process', { ...process, env: {}, stdout, stderr })
  vi.resetModules()
  const { colors } = await import('./colors.ts')
  const { terminalOutput } = await import('./output.ts')
  terminalOutput().warn('beware')
  expect(colors.isColorSupported).toBe(on[0])
  const [text] = stderr?.write.mock.calls[0] ?? []
  expect(text).toBe(on[1] ? '\u001b[33mwarning:\u001b[39m beware\n' : 'warning: beware\n')
})
