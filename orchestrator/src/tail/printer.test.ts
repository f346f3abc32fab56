import { afterEach, describe, expect, it, vi } from 'vitest'
import { Printer } from './printer.ts'

afterEach(() => vi.restoreAllMocks())

describe('Printer', () => {
  it('prints lines up to the limit, and returns true once it is reached', async () => {
    const lines: string[] = []
    const printer = new Printer((line) => lines.push(line), 3)
    expect(await printer.print(['a', 'b'])).toBe(false)
    expect(await printer.print([])).toBe(false)
    expect(await printer.print(['c', 'd'])).toBe(true)
    expect(await printer.print(['e'])).toBe(true)
    expect(lines).toEqual(['a', 'b', 'c'])
  })

  it('prints everything without a limit', async () => {
    const lines: string[] = []
    const printer = new Printer((line) => lines.push(line))
    for (let call = 0; call < 3; call += 1) expect(await printer.print(['a', 'b'])).toBe(false)
    expect(lines).toHaveLength(6)
  })

  it('waits until the reader of stdout has caught up', async () => {
    const needsDrain = vi.spyOn(process.stdout, 'writableNeedDrain', 'get').mockReturnValue(true)
    let isPrinted = false
    const printing = new Printer(() => undefined).print(['a']).then(() => {
      isPrinted = true
    })
    await new Promise(setImmediate)
    expect(isPrinted).toBe(false)
    needsDrain.mockReturnValue(false)
    process.stdout.emit('drain')
    await printing
  })
})
