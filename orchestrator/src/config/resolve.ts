import type { Origin, ResolvedSetting } from './config.ts'
import { isSparkConf, SECRET_KEYS, settingEntries } from './settings.ts'
import { looksSecret } from './spark-properties.ts'

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
    return given ? [{ key, ...given, secret: looksSecret(key) }] : []
  })
  return [...known, ...further]
}
