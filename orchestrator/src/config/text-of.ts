import type { Config } from './config.ts'
import type { SettingKey } from './settings.ts'

/** What the setting's text is; empty if it has none. */
export const textOf = ({ resolved }: Config, key: SettingKey): string =>
  resolved.find((setting) => setting.key === key)?.value ?? ''
