import Table from 'cli-table3'
import type { CommandRun } from '../cli/command.ts'
import { maskedSettings } from '../config/load.ts'
import { colors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'

interface Flags {
  readonly json?: boolean
}

const NO_BORDERS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', top: '', 'top-left': '', 'top-mid': '', 'top-right': '', bottom: '', 'bottom-left': '', 'bottom-mid': '', 'bottom-right': '', left: '', right: '', middle: '  ' } // biome-ignore format: one line for a list of empty strings

export const run: CommandRun<Flags> = async ({ output, config }, _args, flags) => {
  const settings = maskedSettings(await config())
  if (flags.json) {
    for (const setting of settings) output.json(setting)
    return
  }
  const table = new Table({
    head: ['setting', 'value', 'from'].map((title) => colors.bold(title)),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  for (const { key, value, origin } of settings)
    table.push([
      key,
      escapeControls(value) || colors.dim('(none)'),
      origin === 'default' ? colors.dim(origin) : colors.cyan(origin),
    ])
  for (const line of table.toString().split('\n')) output.result(line.trimEnd())
}
