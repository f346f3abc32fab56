import { closest, distance } from 'fastest-levenshtein'
import type { Origin, ResolvedSetting } from './config.ts'
import { looksSecret } from './rules.ts'
import { SECRET_KEYS, SETTINGS, SPARK_CONF_PREFIX, settingEntries } from './settings.ts'

/** One origin of settings, and the texts that it has by key. */
export type SettingSource = readonly [Origin, Readonly<Record<string, string | undefined>>]

/** The settings of `--set KEY=value`; the last one counts if a key is given twice. */
export function parseOverrides(overrides: readonly string[]): {
  values: Record<string, string>
  problems: string[]
} {
  const values: Record<string, string> = {}
  const problems: string[] = []
  for (const override of overrides) {
    const split = override.indexOf('=')
    if (split > 0) values[override.slice(0, split)] = override.slice(split + 1)
    else problems.push(`--set ${override}: not of the form KEY=value; for example --set NORMAL_MEAN=14.5`)
  }
  return { values, problems }
}

/** Every known setting and every Spark property, as text, from the first source that has it, else its default. */
export function resolveSettings(sources: readonly SettingSource[]): ResolvedSetting[] {
  const find = (key: string): { value: string; origin: Origin } | undefined => {
    for (const [origin, values] of sources) {
      const value = values[key]
      if (value !== undefined) return { value: SECRET_KEYS.has(key) ? value : value.trim(), origin }
    }
    return undefined
  }
  const known = settingEntries.map(([key, { fallback, secret = false }]): ResolvedSetting => {
    const given = find(key) ?? { value: fallback, origin: 'default' as const }
    return { key, ...given, secret }
  })
  const sparkConf = new Set(sources.flatMap(([, values]) => Object.keys(values).filter(isSparkConf)))
  const further = [...sparkConf].sort().flatMap((key): ResolvedSetting[] => {
    const given = find(key)
    return given ? [{ key: key as `SPARK_CONF_${string}`, ...given, secret: looksSecret(key) }] : []
  })
  return [...known, ...further]
}

export const isSparkConf = (key: string): boolean => key.startsWith(SPARK_CONF_PREFIX)

/** A problem for each key that is not a setting, with the setting that was probably meant. */
export function unknownKeys(values: Readonly<Record<string, string>>, where: string): string[] {
  const known = settingEntries.map(([key]) => key)
  return Object.keys(values)
    .filter((key) => !isSparkConf(key) && !Object.hasOwn(SETTINGS, key))
    .map((key) => {
      const near = closest(key.toUpperCase(), known)
      const suggestion = distance(key.toUpperCase(), near) <= 4 ? `did you mean ${near}?` : 'remove it'
      return `${key}: unknown key in ${where}; ${suggestion}`
    })
}
