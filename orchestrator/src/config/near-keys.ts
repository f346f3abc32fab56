import { closest, distance } from 'fastest-levenshtein'
import { namesOfNothing, PASS_ENV } from '../system/child-environment.ts'
import { isCommonName, isOwnKey, isSparkConf, SPARK_CONF_PREFIX, settingEntries } from './settings.ts'

/** Keys that begin like ours are probably meant for this tool. Not `CPU_`: compose files have a CPU_LIMIT. */
const OWN_PREFIX = /^(?:NORMAL|ANOMALY|WINDOW|WATERMARK|KAFKA|SPARK)_/i

const KNOWN = settingEntries.map(([key]) => key)

/** A problem for each key that is not a setting, with the setting that was probably meant. */
export function unknownKeys(values: Readonly<Record<string, string>>, where: string): string[] {
  return Object.keys(values)
    .filter((key) => !isOwnKey(key))
    .map((key) => `${key}: unknown key in ${where}; ${advice(key)}`)
}

/** A `.env` may hold keys of other tools: a problem only for those that look like ours. */
export function unknownKeysLikeOurs(values: Readonly<Record<string, string>>, where: string): string[] {
  const likeOurs = Object.entries(values).filter(
    ([key]) => OWN_PREFIX.test(key) || isProperty(key) || nearSetting(key),
  )
  return unknownKeys(Object.fromEntries(likeOurs), where)
}

/** A key that is part of a setting's name may be another tool's, so it is only a warning. */
export function cutOffKeys(values: Readonly<Record<string, string>>, where: string): string[] {
  return Object.keys(values).flatMap((key) => {
    const [meant, another] = KNOWN.filter((known) => !isCommonName(known) && isPart(key.toUpperCase(), known))
    return isOwnKey(key) || meant === undefined || another !== undefined
      ? []
      : [`${key}: unknown key in ${where}, without effect; did you mean ${meant}?`]
  })
}

/** The environment is not ours, so a key that is almost a setting is only a warning. */
export function almostSettings(environment: Readonly<Record<string, string | undefined>>): string[] {
  return Object.keys(environment)
    .filter((key) => !isOwnKey(key) && key !== 'SPARK_CONF_DIR')
    .filter((key) => key.startsWith(SPARK_CONF_PREFIX) || nearSetting(key))
    .map((key) => `${key}: unknown key in the environment, without effect; ${advice(key)}`)
}

/** CPU_ANOMALY_PASS_ENV is no setting: it is read from the shell only, and passes on only what is there. */
export function passEnvWarnings(
  values: Readonly<Record<string, string>>,
  where: string,
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const misspelt = Object.keys(environment).filter((key) => key !== PASS_ENV && distance(key, PASS_ENV) <= 2)
  return [
    ...(Object.hasOwn(values, PASS_ENV)
      ? [`${PASS_ENV}: without effect in ${where}; set it in the shell`]
      : []),
    ...misspelt.map((key) => `${key}: without effect; did you mean ${PASS_ENV}?`),
    ...namesOfNothing(environment).map((name) => `${PASS_ENV} names ${name}, which the shell does not set`),
  ]
}

/** Why a key with characters outside of ASCII looks like a setting, but is not one; undefined if it does not. */
export function disguisedSetting(key: string): string | undefined {
  const odd = [...key].filter((character) => character > '~')
  if (odd.length === 0) return undefined
  const rest = [...key].filter((character) => character <= '~').join('')
  const known = closest(rest.toUpperCase(), KNOWN)
  const isMeant = rest.length * 2 >= known.length && distance(rest.toUpperCase(), known) <= odd.length
  if (!isMeant && !OWN_PREFIX.test(rest) && !isProperty(rest)) return undefined
  const points = odd.map(
    (character) => `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`,
  )
  const meant = isMeant ? known : isSparkConf(rest) ? 'the property' : 'the key'
  return `does not set ${meant}: its name contains ${[...new Set(points)].join(', ')}; type the name again`
}

/** Longer keys may differ in more places from the setting that was meant. */
function nearSetting(key: string): string | undefined {
  const known = closest(key.toUpperCase(), KNOWN)
  return distance(key.toUpperCase(), known) <= (known.length < 10 ? 1 : 2) ? known : undefined
}

const isPart = (key: string, known: string) => known.startsWith(`${key}_`) || known.endsWith(`_${key}`)

/** A Spark property without the prefix. */
const isProperty = (key: string) => /^spark\./i.test(key)

function advice(key: string): string {
  if (isProperty(key)) return `for a Spark property, write ${SPARK_CONF_PREFIX}${key}`
  if (key.startsWith(SPARK_CONF_PREFIX))
    return `a Spark property has its full name, such as ${SPARK_CONF_PREFIX}spark.ui.retainedJobs`
  const known = closest(key.toUpperCase(), KNOWN)
  return distance(key.toUpperCase(), known) <= 4 ? `did you mean ${known}?` : 'remove it'
}
