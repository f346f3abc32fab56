import { SPARK_CONF_PREFIX, settingEntries } from './settings.ts'

/** The text of `.env.example`: every setting with its default and a line that explains it. */
export function envExample(): string {
  const lines = [
    '# Settings of cpu-anomaly, with their defaults. A flag overrides the environment, the environment overrides this',
    '# file, and this file overrides the defaults. `npx cpu-anomaly config` shows each value and where it came from.',
    '# Put a value in single quotes if it contains a # or begins or ends with a space.',
  ]
  let section = ''
  for (const [key, setting] of settingEntries) {
    if (setting.section !== section) {
      section = setting.section
      lines.push('', `# --- ${section}`)
    }
    lines.push(`# ${setting.meaning}`, setting.fallback === '' ? `# ${key}=` : `${key}=${setting.fallback}`)
  }
  lines.push('# any Spark property, under its own name', `# ${SPARK_CONF_PREFIX}spark.ui.retainedJobs=200`)
  return `${lines.join('\n')}\n`
}
