import { CliError } from '../errors.ts'
import { envLine } from './env-lines.ts'
import { isSparkConf, SPARK_CONF_PREFIX, settingEntries } from './settings.ts'

/** Begins a `.env` that this tool wrote, which may set nothing. */
export const TITLE = '# Settings of cpu-anomaly.'

/**
 * The text of `.env.example`: a line for every setting, with its default in a comment, so that a later version may have
 * another one. What `set` has is set.
 * @throws CliError CONFIGURATION for a value that no line of `.env` can express.
 */
export function envExample(set: Readonly<Record<string, string>> = {}): string {
  const lines = [
    `${TITLE} Each line in a comment shows a default: remove the # and write another value. A flag overrides`,
    '# the environment, the environment overrides this file. `npx cpu-anomaly config` shows each value and where it came from.',
    '# Put a value in single quotes if it contains a # or begins or ends with a space.',
  ]
  let section = ''
  for (const [key, setting] of settingEntries) {
    if (setting.section !== section) {
      section = setting.section
      lines.push('', `# --- ${section}`)
    }
    const value = set[key]
    lines.push(
      `# ${setting.meaning}`,
      value === undefined ? `# ${key}=${setting.fallback}` : lineOf(key, value),
    )
  }
  lines.push('# any Spark property, under its own name', `# ${SPARK_CONF_PREFIX}spark.ui.retainedJobs=200`)
  const properties = Object.entries(set).filter(([key]) => isSparkConf(key))
  return `${[...lines, ...properties.map(([key, value]) => lineOf(key, value))].join('\n')}\n`
}

function lineOf(key: string, value: string): string {
  const line = envLine(key, value)
  if (line !== undefined) return line
  throw new CliError(
    'CONFIGURATION',
    `${key}: .env cannot express this value, which has every kind of quote or a line break`,
    {
      hint: 'Set it in the environment, or with --set at each call.',
    },
  )
}
