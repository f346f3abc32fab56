import { plot } from 'asciichart'
import { COLUMNS, type Measurement } from './measure-stack.ts'

const WIDTH = 8
const HEIGHT = 6
const PLOT_COLUMNS = 70

/** Short heads, so that a row fits 120 columns. */
const HEADS: Readonly<Record<keyof Measurement, string>> = {
  minutes: 'min',
  read: 'read',
  restarts: 'starts',
  stateRows: 'state',
  driverMb: 'drv MB',
  driverThreads: 'drv thr',
  driverOpenFiles: 'drv fd',
  supervisorMb: 'sup MB',
  brokerMb: 'brk MB',
  brokerThreads: 'brk thr',
  checkpointFiles: 'chk fil',
  otherFiles: 'oth fil',
  logsMb: 'log MB',
}

export const headLine = (): string => COLUMNS.map((column) => HEADS[column].padStart(WIDTH)).join(' ')

export const measurementLine = (measured: Measurement): string =>
  COLUMNS.map((column) => String(measured[column]).padStart(WIDTH)).join(' ')

export const toCsv = (all: readonly Measurement[]): string =>
  [COLUMNS.join(','), ...all.map((measured) => COLUMNS.map((column) => measured[column]).join(','))].join(
    '\n',
  )

const PLOTTED = [
  ['driverMb', 'resident memory of the driver, MB'],
  ['stateRows', 'state rows'],
  ['checkpointFiles', 'files of the checkpoint'],
  ['driverThreads', 'threads of the driver'],
  ['driverOpenFiles', 'open files of the driver'],
  ['brokerMb', 'resident memory of the broker, MB'],
] as const satisfies readonly (readonly [keyof Measurement, string])[]

/** One chart per figure: time from left to right, each column the mean of its minutes. */
export function plots(all: readonly Measurement[]): string {
  const last = all.at(-1)?.minutes ?? 0
  return PLOTTED.map(([column, title]) => {
    const values = columnMeans(all.map((measured) => measured[column]))
    const chart = plot(values, {
      height: HEIGHT,
      min: 0,
      format: (value) => value.toFixed(0).padStart(7),
    })
    return `${title}, 0 to ${last} minutes\n${chart}`
  }).join('\n\n')
}

function columnMeans(values: readonly number[]): number[] {
  const columns = Math.min(PLOT_COLUMNS, values.length)
  return Array.from({ length: columns }, (_, column) => {
    const part = values.slice(
      Math.floor((column * values.length) / columns),
      Math.floor(((column + 1) * values.length) / columns),
    )
    return part.reduce((sum, value) => sum + value, 0) / part.length
  })
}
