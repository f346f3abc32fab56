import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../package/root.ts'
import type { JobFile } from '../runtime/runtime.ts'

/** A file of infra/render with `{{name}}` replaced by these values. */
export async function textFrom(
  template: string,
  path: string,
  values: Readonly<Record<string, string>>,
): Promise<JobFile> {
  const text = await readFile(join(packageRoot, 'infra', 'render', template), 'utf8')
  const filled = text.replace(/\{\{(\w+)\}\}/g, (hole, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${template} has a hole without a value: ${hole}`)
    return value
  })
  return { path, text: filled }
}

export const LOG_SETTINGS = 'log4j2.properties'

/** The log settings of the driver, as they are shipped. */
export const logSettings = async (): Promise<JobFile> => ({
  path: LOG_SETTINGS,
  text: await readFile(join(packageRoot, 'infra', 'spark', LOG_SETTINGS), 'utf8'),
})
