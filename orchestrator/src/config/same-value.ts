import { SETTINGS, type SettingKey } from './settings.ts'

/** Do both texts of a setting mean the same, such as `0.5 s` and `500 ms`? Those of a Spark property must be equal. */
export function isSameValue(key: string, a: string, b: string): boolean {
  if (a === b || !Object.hasOwn(SETTINGS, key)) return a === b
  const parse: (text: string) => unknown = SETTINGS[key as SettingKey].parse
  try {
    return JSON.stringify(parse(a)) === JSON.stringify(parse(b))
  } catch {
    return false // written by another version, which knew other values
  }
}
