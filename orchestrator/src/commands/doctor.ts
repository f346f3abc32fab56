import type { CommandContext, CommandRun } from '../cli/command.ts'
import { unusedSettings } from '../config/unused-settings.ts'
import { CliError, errorMessage } from '../errors.ts'
import type { DoctorCheck } from '../runtime/runtime.ts'
import { stackChecks } from '../stack/checks.ts'
import { colors } from '../terminal/colors.ts'

interface Flags {
  readonly json?: boolean
}

interface Finding {
  readonly title: string
  readonly ok: boolean
  readonly found: string
  readonly fix?: string
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const findings: Finding[] = []
  let firstError: CliError | undefined
  for (const check of await allChecks(context)) {
    const { finding, error } = await runCheck(check, context.signal)
    firstError ??= error
    findings.push(finding)
    if (flags.json) context.output.json(finding)
    else for (const line of findingLines(finding)) context.output.result(line)
  }
  const failed = findings.filter((finding) => !finding.ok).length
  if (firstError)
    throw new CliError(firstError.code, `${failed} of ${findings.length} checks failed`, {
      hint: 'Each failed check shows what to do.',
    })
}

async function allChecks(context: CommandContext): Promise<DoctorCheck[]> {
  const node: DoctorCheck = { title: 'Node.js', run: async () => `Node.js ${process.versions.node}` }
  const settings: DoctorCheck = {
    title: 'settings',
    run: async () =>
      `${(await context.config()).resolved.filter((setting) => setting.origin !== 'default').length} set, the rest are defaults`,
  }
  if ((await orCliError(context.config())) instanceof CliError) return [node, settings] // the check reports it
  const selected = await orCliError(context.select())
  if (selected instanceof CliError)
    return [node, settings, { title: 'stack', run: () => Promise.reject(selected) }]
  const { config, runtime } = selected
  for (const line of unusedSettings(config, runtime.name, config.query)) context.output.warn(line)
  return [node, settings, ...stackChecks(selected), ...runtime.checks()]
}

const orCliError = <T>(work: Promise<T>): Promise<T | CliError> =>
  work.catch((error: unknown) => {
    if (error instanceof CliError) return error
    throw error
  })

async function runCheck(
  check: DoctorCheck,
  signal: AbortSignal,
): Promise<{ finding: Finding; error?: CliError }> {
  const { title } = check
  try {
    return { finding: { title, ok: true, found: await check.run(signal) } }
  } catch (error) {
    signal.throwIfAborted()
    const known = error instanceof CliError ? error : new CliError('CHECK_FAILED', errorMessage(error))
    const fix = known.hint ?? known.details.join('\n')
    return { finding: { title, ok: false, found: known.message, ...(fix ? { fix } : {}) }, error: known }
  }
}

function findingLines({ title, ok, found, fix }: Finding): string[] {
  const mark = ok ? colors.green('✔') : colors.red('✘')
  const [first = '', ...more] = found.split('\n')
  const rest = [...more, ...(fix?.split('\n') ?? []).map((line) => colors.cyan(`→ ${line}`))]
  return [`${mark} ${title.padEnd(20)} ${first}`, ...rest.map((line) => `  ${' '.repeat(20)} ${line}`)]
}
