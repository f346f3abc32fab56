import { existsSync } from 'node:fs'
import { readBaseline } from '../baseline/file.ts'
import { checkText, differenceLines, type JobFacts } from '../calibrate/check-lines.ts'
import { calibrationJson, checkJson } from '../calibrate/json.ts'
import { type Options, type OptionTexts, parseOptions } from '../calibrate/options.ts'
import type { Calibration, Check, Request } from '../calibrate/protocol.ts'
import { type Recommendation, recommend } from '../calibrate/recommend.ts'
import { reportLines } from '../calibrate/report.ts'
import { findSource, requireRecords, type Source, withTable } from '../calibrate/source.ts'
import { runSparkBatch } from '../calibrate/spark-batch.ts'
import { sparkHere } from '../calibrate/spark-here.ts'
import { requireWritable, write } from '../calibrate/write.ts'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import { unusedFlags } from '../config/unused-settings.ts'
import { CliError } from '../errors.ts'
import { withFormat } from '../query/input-format.ts'
import { jobNow, readUpTo } from '../query/job-now.ts'
import { countUnread } from '../query/unread.ts'
import type { Selected } from '../runtime/places.ts'
import { requireBroker } from '../stack/require-broker.ts'
import type { TableOptions } from '../table/open-table.ts'
import { colors } from '../terminal/colors.ts'

interface Flags extends OptionTexts, Omit<TableOptions, 'timezone'> {
  readonly write?: boolean
  readonly check?: boolean
  readonly json?: boolean
}

export const run: CommandRun<Flags> = async (context, args, flags) => {
  const options = parseOptions(flags)
  refuseContradictions(flags)
  // The settings as they are now, which the next `submit` would use; for --check, those that the job was given.
  const selected = await withPresentBaseline(await context.select(flags.check ? undefined : 'job'), flags)
  for (const line of unusedFlags(selected.config.resolved, 'calibrate')) context.output.warn(line)
  if (flags.write) requireWritable(await context.config(), options)
  const source = await openSource(args[0], selected, flags, context)
  refuseTimezone(source, options, flags)
  refuseUnfit(source, options, flags, selected)
  await requireInput(source, selected, flags, context.signal)
  const isOfJob = source.kind === 'topic' && source.name === selected.config.topics.input
  const found = isOfJob ? await withFoundFormat(context, selected) : selected
  const calibration = await calibrated(context, found, source, options, flags)
  if (calibration.check) return reportCheck(context, selected, calibration.check, flags)
  const taken = recommend(calibration, options, options.method)
  report(context, selected, calibration, options, taken, flags)
  if (flags.write && taken) await writeDown(context, calibration, taken, options, flags)
}

async function openSource(
  name: string | undefined,
  { config }: Selected,
  flags: Flags,
  { output }: CommandContext,
): Promise<Source> {
  const { time, cpu, series, timezone, timeUnit, from } = flags
  const found = await findSource(name, config.topics.input)
  const columns = { time, cpu, series, timeUnit, from }
  if (found.kind === 'topic' && Object.values(columns).some((value) => value !== undefined))
    throw new CliError(
      'USAGE',
      '--time, --time-unit, --cpu, --from and --series are about columns of a file',
      {
        hint: 'A topic is read as INPUT_FORMAT says.',
      },
    )
  // It is refused anyway.
  if (flags.check) return found
  const source = await withTable(found, { ...columns, timezone })
  const table = source.kind === 'file' ? source.table : undefined
  if (table) output.note(table.remark)
  return source
}

/** @throws CliError USAGE for a time zone in which nothing is. */
function refuseTimezone(source: Source, { by_hour }: Options, { timezone }: Flags): void {
  if (timezone === undefined || by_hour || (source.kind === 'file' && source.table)) return
  throw new CliError('USAGE', '--timezone works only with --by hour-of-week, or with a file of dates', {
    hint: 'Leave it out: all other times are UTC.',
  })
}

/** With INPUT_FORMAT=auto, the format that `submit` would take. */
async function withFoundFormat({ output, signal }: CommandContext, selected: Selected): Promise<Selected> {
  const { config, runtime } = selected
  return { ...selected, config: await withFormat(config, runtime, false, output.note, signal) }
}

/**
 * Without a baseline that is yet to be written.
 * @throws CliError CONFIGURATION when BASELINE_FILE is no baseline.
 */
async function withPresentBaseline(selected: Selected, { write, by }: Flags): Promise<Selected> {
  const { config } = selected
  const { baselineFile } = config.detector
  if (baselineFile === undefined) return selected
  if (write && by && !existsSync(baselineFile))
    return { ...selected, config: { ...config, detector: { ...config.detector, baselineFile: undefined } } }
  await readBaseline(baselineFile)
  return selected
}

/** @throws CliError USAGE for flags of which one has no effect. */
function refuseContradictions({ check, ...flags }: Flags): void {
  const useless = (['write', 'by', 'target', 'method', 'timezone'] as const).find(
    (name) => flags[name] !== undefined,
  )
  if (check && useless)
    throw new CliError('USAGE', `--check and --${useless} contradict each other`, {
      hint: '--check compares the settings in force with what the job has said.',
    })
}

/** @throws CliError USAGE for what this source or these settings cannot give. */
function refuseUnfit(source: Source, { by_key }: Options, { check }: Flags, { config }: Selected): void {
  const problem =
    check && (source.kind === 'file' || source.name !== config.topics.input)
      ? [
          `--check compares what the job has read, which is the topic ${config.topics.input}`,
          'Leave the argument out.',
        ]
      : by_key && source.kind === 'file' && !source.table?.series
        ? [
            '--by key needs a column of series, or a topic whose records have keys',
            'Name the column with --series, or leave --by key out.',
          ]
        : by_key && config.detector.groupBy !== 'key'
          ? [
              '--by key needs GROUP_BY=key: now all samples form one series',
              'Add --set GROUP_BY=key, or set it in .env.',
            ]
          : undefined
  if (problem) throw new CliError('USAGE', problem[0] ?? '', { hint: problem[1] ?? '' })
}

async function requireInput(
  source: Source,
  { runtime, config }: Selected,
  { check }: Flags,
  signal: AbortSignal,
): Promise<void> {
  if (source.kind === 'file') return
  await requireBroker(runtime)
  await requireRecords(runtime.kafka, source.name, signal)
  if (check) await requireRecords(runtime.kafka, config.topics.output, signal)
}

async function calibrated(
  { output, signal }: CommandContext,
  selected: Selected,
  source: Source,
  { method: _, ...options }: Options,
  { check = false }: Flags,
): Promise<Calibration> {
  const spark = await sparkHere(selected, output, signal)
  const request: Request = {
    ...options,
    file: source.kind === 'file' ? source.path : null,
    file_has_series: false,
    min_deviation: selected.config.minDeviation,
    check,
  }
  const topic = source.kind === 'topic' ? source.name : selected.config.topics.input
  const name = source.kind === 'topic' ? source.name : source.path
  const table = source.kind === 'file' ? source.table : undefined
  const calibration = await output.step(`Reading ${name} with Spark`, async (step) => {
    const found = await runSparkBatch({ selected, spark, topic, request, table }, signal)
    step.done(`Spark has read ${name}`)
    return found
  })
  if (calibration.input.samples === 0) throw noSamples(name, calibration)
  return calibration
}

function noSamples(name: string, { input }: Calibration): CliError {
  const rejected = Object.entries(input.rejected).map(([reason, count]) => `${reason} ${count}`)
  const found =
    rejected.length > 0 ? `: its lines are dead letters (${rejected.join(', ')})` : ' at these times'
  return new CliError('USAGE', `${name} has no sample${found}`, {
    hint: 'A sample is a line time_millis,cpu. --since and --exclude leave out whole windows.',
  })
}

function report(
  { output }: CommandContext,
  { config }: Selected,
  calibration: Calibration,
  options: Options,
  taken: Recommendation | undefined,
  { json, write }: Flags,
): void {
  const limits = { ...options, min_deviation: config.minDeviation }
  if (json) for (const line of calibrationJson(calibration, limits, taken)) output.json(line)
  else
    for (const line of reportLines(calibration, limits, taken, config.detector, colors)) output.result(line)
  if (!json && taken && !write && !options.by_key && !options.by_hour)
    output.note(`Write this pair into .env with \`cpu-anomaly calibrate --write\`, or set it by hand.`)
}

async function writeDown(
  context: CommandContext,
  { normals }: Calibration,
  { method }: Recommendation,
  options: Options,
  { json }: Flags,
): Promise<void> {
  const { output } = context
  const { file, lines } = await write(await context.config(), normals, method, options)
  if (json) output.json({ calibrate: 'written', file, lines })
  else for (const line of lines) output.result(line)
  output.note(
    'A running job keeps what it was given: `cpu-anomaly stop`, then `submit`, brings this into force.',
  )
}

/** @throws CliError RESULTS_DIFFER when a window is not as predicted. */
async function reportCheck(
  { output, signal }: CommandContext,
  selected: Selected,
  check: Check,
  { json }: Flags,
): Promise<void> {
  const facts = await jobFacts(selected, signal)
  if (json) output.json({ ...checkJson(check), ...facts })
  else output.result(checkText(check))
  if (check.differing === 0) return
  throw new CliError('RESULTS_DIFFER', checkText(check), {
    details: differenceLines(check, facts),
    hint: 'A job that was submitted with other settings, or with STARTING_OFFSETS=latest, has said something else: `cpu-anomaly status` shows by what it judges.',
  })
}

async function jobFacts(selected: Selected, signal: AbortSignal): Promise<JobFacts> {
  const { runtime, config } = selected
  const job = await jobNow(runtime, config.topics.input, signal).catch(() => undefined)
  const read = job && (await readUpTo(job, selected))
  const unread =
    read && (await countUnread(runtime.kafka, config.topics.input, read, { olderThanMs: Date.now(), signal }))
  return { late: job?.progress?.late, unread: unread?.isBehindJob ? undefined : unread?.records }
}
