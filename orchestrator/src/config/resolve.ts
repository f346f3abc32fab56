import { closest, distance } from 'fastest-levenshtein'
import type { Origin, ResolvedSetting } from './config.ts'
import { isOwnKey, isSparkConf, SECRET_KEYS, SPARK_CONF_PREFIX, settingEntries } from './settings.ts'
import { looksSecret } from './spark-properties.ts'

/** Keys that begin like ours are probably meant for this tool, so they are refused rather than ignored. */
const OWN_PREFIX = /^(?:NORMAL|ANOMALY|CPU|WINDOW|WATERMARK|KAFKA|SPARK)_/i

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

/** Longer keys may differ in more places from the setting that was meant. */
const isNear = (key: string, known: string) =>
  distance(key.toUpperCase(), known) <= (known.length < 10 ? 1 : 2)

const closestSetting = (key: string) =>
  closest(
    key.toUpperCase(),
    settingEntries.map(([known]) => known),
  )

/** A problem for each key that is not a setting, with the setting that was probably meant. */
export function unknownKeys(values: Readonly<Record<string, string>>, where: string): string[] {
  return Object.keys(values)
    .filter((key) => !isOwnKey(key))
    .map((key) => `${key}: unknown key in ${where}; ${advice(key)}`)
}

/** A `.env` may hold keys of other tools: a problem only for those that look like ours. */
export function unknownKeysLikeOurs(values: Readonly<Record<string, string>>, where: string): string[] {
  const likeOurs = Object.entries(values).filter(([key]) => OWN_PREFIX.test(key) || nearSetting(key))
  return unknownKeys(Object.fromEntries(likeOurs), where)
}

/** The environment is not ours, so a key that is almost a setting is only a warning. */
export function almostSettings(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((key) => !isOwnKey(key) && key !== 'SPARK_CONF_DIR')
    .filter((key) => key.startsWith(SPARK_CONF_PREFIX) || nearSetting(key))
    .map((key) => `${key}: unknown key in the environment, without effect; ${advice(key)}`)
}

function nearSetting(key: string): string | undefined {
  const known = closestSetting(key)
  return isNear(key, known) ? known : undefined
}

function advice(key: string): string {
  if (key.startsWith(SPARK_CONF_PREFIX))
    return `a Spark property has its full name, such as ${SPARK_CONF_PREFIX}spark.ui.retainedJobs`
  const known = closestSetting(key)
  return distance(key.toUpperCase(), known) <= 4 ? `did you mean ${known}?` : 'remove it'
}
