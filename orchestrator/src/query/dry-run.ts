import { createHash } from 'node:crypto'
import type { maskedSettings } from '../config/load.ts'
import type { QueryPlan } from '../job/query-plan.ts'
import { BASELINE_FILE, type JobFile } from '../runtime/runtime.ts'
import { escapeControls } from '../terminal/text.ts'
import type { PreparedSubmission } from './prepare.ts'
import { triggerLine } from './submit.ts'

/** Everything that `submit` would use, without the secrets. */
export interface DryRun {
  readonly submission: Pick<PreparedSubmission, 'files' | 'submitArgs' | 'remarks'>
  readonly plan: QueryPlan
  readonly settings: ReturnType<typeof maskedSettings>
}

/** For a person: the rendered job with the rest as comments above it; with `full`, the text of its modules below it. */
export function dryRunLines({ submission, plan, settings }: DryRun, full: boolean): string[] {
  const { files, submitArgs, remarks } = submission
  const [job, ...others] = files
  const modules = others.filter(({ path }) => path !== BASELINE_FILE)
  return [
    '# settings',
    ...settings.map(({ key, value, origin }) => `#   ${key}=${escapeControls(value)}  (${origin})`),
    `# ${triggerLine(plan)}`,
    ...remarks.map((line) => `# ${escapeControls(line)}`),
    '# spark-submit arguments',
    ...submitArgs.map((arg) => `#   ${escapeControls(arg)}`),
    `# code: ${modules.length} modules, sha256 ${sha256(modules)}`,
    job?.text.trimEnd() ?? '',
    ...(full ? modules.flatMap(({ path, text }) => ['', `# ${path}`, text.trimEnd()]) : []),
  ]
}

/** The same for programs: each file with its checksum; with `full`, with its text too. */
export function dryRunJson({ submission, plan, settings }: DryRun, full: boolean) {
  const { files, submitArgs } = submission
  return {
    job: files[0]?.text,
    files: files.map((file) => ({
      path: file.path,
      sha256: sha256([file]),
      ...(full && { text: file.text }),
    })),
    submitArgs,
    settings,
    plan,
  }
}

/** Of the files' texts in their order, as `cat FILES | sha256sum` computes it. */
function sha256(files: readonly JobFile[]): string {
  const hash = createHash('sha256')
  for (const { text } of files) hash.update(text)
  return hash.digest('hex')
}
