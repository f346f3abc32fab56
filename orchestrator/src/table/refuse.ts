import { CliError } from '../errors.ts'
import type { Column } from './head.ts'
import { shown } from './shown.ts'

/** Why a table cannot be read; `openTable` adds which one. */
export const refuse = (why: string, hint: string): CliError => new CliError('USAGE', why, { hint })

/** `column 5 "CPU usage [%]"` */
export const describe = ({ index, name }: Column): string =>
  `column ${index + 1}${name ? ` ${shown(name)}` : ''}`

export const describeAll = (columns: readonly Column[], between: string): string =>
  columns.map(describe).join(between)
