import type { CpuTimes } from './cpu-times.ts'

// Reading /proc/stat takes real time. A test file that needs virtual time replaces the module `cpu-times` with this one:
// a machine that is busy a quarter of the time.

let readings = 0

export async function readCpuTimes(): Promise<CpuTimes> {
  readings += 1
  return { busy: readings, total: 4 * readings }
}

export const cpuPercent = (): number => 25
