import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '../package/root.ts'
import type { JobSettings } from './job-settings.ts'

/** The settings of an empty .env, from the file that the job's own tests and its warm-up read too. */
export const defaultSettings = JSON.parse(
  readFileSync(join(packageRoot, 'spark-job', 'default_settings.json'), 'utf8'),
) as JobSettings
