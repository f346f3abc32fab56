import Table from 'cli-table3'
import type { CommandRun } from '../cli/command.ts'
import { type MaskedSetting, maskedSettings } from '../config/load.ts'
import { unusedSettings } from '../config/unused-settings.ts'
import { type Difference, sayDifferences } from '../stack/in-force.ts'
import { certainRuntime, differencesInForce } from '../stack/select.ts'
import { colors } from '../terminal/colors.ts'
import { escapeControls } from '../terminal/text.ts'

interface Flags {
  readonly json?: boolean
}

const NO_BORDERS = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', top: '', 'top-left': '', 'top-mid': '', 'top-right': '', bottom: '', 'bottom-left': '', 'bottom-mid': '', 'bottom-right': '', left: '', right: '', middle: '  ' } // biome-ignore format: one line for a list of empty strings

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const { output } = context
  const config = await context.config()
  const settings = maskedSettings(config)
  const differences = await differencesInForce(config)
  for (const line of unusedSettings(config, await certainRuntime(config), config.query)) output.warn(line)
  if (flags.json) {
    for (const setting of withInForce(settings, differences)) output.json(setting)
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
  sayDifferences(differences, output)
}

/** Each setting, with the value that the stack or the job uses if it is another one; a property that was removed, too. */
function withInForce(settings: readonly MaskedSetting[], differences: readonly Difference[]): object[] {
  const inForce = new Map(differences.map((difference) => [difference.key, difference]))
  const removed = differences
    .filter(({ key }) => !settings.some((setting) => setting.key === key))
    .map(({ key }) => ({ key, value: '', origin: 'default' }))
  return [...settings, ...removed].map((setting) => {
    const difference = inForce.get(setting.key)
    if (!difference) return setting
    const { value, secret, by } = difference
    return { ...setting, inForce: { value: secret && value !== '' ? '***' : value, by } }
  })
}
