import { SPARK_CONF_PREFIX, settingEntries } from './settings.ts'

/** The text of `.env.example`: every setting with its default and one line of meaning. */
export function envExample(): string {
  const lines = [
    '# Settings of cpu-anomaly. A flag goes over the environment, the environment over this file, this file over the',
    '# defaults, which are what stands here. `npx cpu-anomaly config` shows what is in force and where it came from.',
    '# Put a value into single quotes where it holds a # or begins or ends with a blank.',
  ]
  let section = ''
  for (const [key, setting] of settingEntries) {
    if (setting.section !== section) {
      section = setting.section
      lines.push('', `# --- ${section}`)
    }
    lines.push(`# ${setting.meaning}`, setting.fallback === '' ? `# ${key}=` : `${key}=${setting.fallback}`)
  }
  lines.push(
    '# any Spark property, by its own name',
    `# ${SPARK_CONF_PREFIX}spark.sql.streaming.minBatchesToRetain=100`,
  )
  return `${lines.join('\n')}\n`
}
