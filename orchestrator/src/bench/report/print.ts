import Table from 'cli-table3'
import { colors } from '../../terminal/colors.ts'
import type { Output } from '../../terminal/output.ts'
import type { TableData } from './tables.ts'

/** Prints the tables, then the facts of the machine. */
export function printTables(
  output: Output,
  tables: readonly TableData[],
  facts: readonly [string, string][],
): void {
  for (const { title, head, rows } of tables) {
    const aligned = head.map((_, index) => (index === 0 ? 'left' : 'right') as 'left' | 'right')
    const table = new Table({ head: [...head], colAligns: aligned, style: { head: [], border: [] } })
    table.push(...rows.map((cells) => [...cells]))
    output.result(`\n${colors.bold(title)}`)
    output.result(table.toString())
  }
  output.result('')
  for (const [name, text] of facts) output.result(`${name.padEnd(9)} ${text}`)
}
