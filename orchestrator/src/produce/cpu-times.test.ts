import { describe, expect, it } from 'vitest'
import { type CpuTimes, cpuPercent, parseProcStat, readCpuTimes, timesOfCores } from './cpu-times.ts'

describe('parseProcStat', () => {
  it.each<[string, string, CpuTimes | undefined]>([
    // user nice system idle iowait irq softirq steal guest guest_nice: guests are in user already
    ['all columns', 'cpu  10 1 5 100 20 2 3 4 7 1\ncpu0 1 1 1 1\n', { busy: 25, total: 145 }],
    ['the columns of an old kernel', 'cpu  10 0 5 100\n', { busy: 15, total: 115 }],
    ['a file that starts with another line', 'intr 1\ncpu  1 1 1 1 1 1 1 1\n', { busy: 6, total: 8 }],
    ['only single cores', 'cpu0 1 2 3 4\n', undefined],
    ['too few columns', 'cpu  1 2 3\n', undefined],
    ['nothing', '', undefined],
    ['words', 'cpu  a b c d\n', undefined],
  ])('reads %s', (_, text, expected) => {
    expect(parseProcStat(text)).toEqual(expected)
  })
})

describe('timesOfCores', () => {
  it('adds up all cores and leaves idle time out of busy', () => {
    const core = { user: 10, nice: 1, sys: 5, idle: 100, irq: 2 }
    expect(timesOfCores([core, core])).toEqual({ busy: 36, total: 236 })
    expect(timesOfCores([])).toEqual({ busy: 0, total: 0 })
  })
})

describe('cpuPercent', () => {
  const from: CpuTimes = { busy: 100, total: 1_000 }
  it.each([
    ['a quarter of the time', { busy: 125, total: 1_100 }, 25],
    ['no load', { busy: 100, total: 1_100 }, 0],
    ['full load', { busy: 200, total: 1_100 }, 100],
    ['idle time that ran backwards, as some kernels report', { busy: 210, total: 1_100 }, 100],
    ['busy time that ran backwards', { busy: 90, total: 1_100 }, 0],
    ['no tick in between', { busy: 100, total: 1_000 }, undefined],
    ['a clock that ran backwards', { busy: 90, total: 900 }, undefined],
  ])('handles %s', (_, to, expected) => {
    expect(cpuPercent(from, to)).toBe(expected)
  })
})

describe('readCpuTimes', () => {
  it('counts upwards on this machine', async () => {
    const before = await readCpuTimes()
    const after = await readCpuTimes()
    expect(before.total).toBeGreaterThan(0)
    expect(after.total).toBeGreaterThanOrEqual(before.total)
    expect(before.busy).toBeLessThanOrEqual(before.total)
  })
})
