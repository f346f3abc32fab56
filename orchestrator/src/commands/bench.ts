import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { requireNoJob, requireSparkHere } from '../bench/driver/preconditions.ts'
import { Workspace } from '../bench/driver/workspace.ts'
import { BESIDE_CSV, type BenchFormat } from '../bench/measure/format-settings.ts'
import { machineFacts } from '../bench/measure/machine.ts'
import { measure } from '../bench/measure/measure.ts'
import { type MachineFacts, type Measurement, samplesChecks } from '../bench/measure/results.ts'
import { benchSizes, SECTIONS, type Section, USUAL_SECTIONS } from '../bench/measure/sizes.ts'
import { chartLibrary, machineLines, reportPage } from '../bench/report/page.ts'
import { printTables } from '../bench/report/print.ts'
import { resultTables } from '../bench/report/tables.ts'
import type { CommandContext, CommandRun } from '../cli/command.ts'
import type { Config } from '../config/config.ts'
import { CliError, errorMessage } from '../errors.ts'
import { requireBroker } from '../stack/require-broker.ts'
import { withFolderLock } from '../storage/folder-lock.ts'

const DEFAULT_RATE = 1_000

interface Flags {
  readonly quick?: boolean
  readonly only?: string
  readonly format?: string
  readonly rate?: number
  readonly json?: boolean
  readonly report?: string
  readonly besideLiveJob?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const startedAt = performance.now()
  const { output, signal } = context
  const formats = parseFormats(flags.format)
  const sections =
    flags.format !== undefined && flags.only === undefined ? new Set<Section>() : parseSections(flags.only)
  if (flags.rate !== undefined && !sections.has('latency'))
    throw new CliError('USAGE', '--rate applies to the section latency only', {
      hint: 'Leave it out, or add latency to --only.',
    })
  const selected = await context.select()
  const { config, storage } = selected
  const runtime = requireSparkHere(selected)
  await requireBroker(selected.runtime)
  if (!flags.besideLiveJob) await requireNoJob(selected.runtime)
  const machine = await machineFacts(runtime, process.argv.slice(2))
  if (flags.json) output.json(machine)
  const results: Measurement[] = []
  const onResult = (result: Measurement) => {
    results.push(result)
    if (flags.json) output.json(result)
  }
  try {
    await withFolderLock(storage, signal, async () => {
      const workspace = await Workspace.open(config, runtime, storage, signal)
      try {
        const sizes = benchSizes(flags.quick === true, coresOf(selected.config))
        await measure(workspace, output, {
          sections,
          formats,
          sizes,
          rate: flags.rate ?? DEFAULT_RATE,
          onResult,
        })
      } finally {
        await workspace.close(output)
      }
    })
  } finally {
    // Even if something failed: the results so far took a while to measure.
    if (results.length > 0) await show(context, machine, results, flags)
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
  output.note(`The measurement took ${seconds} s. Its topics and checkpoints are removed.`)
}

/** The cores that may be measured: those of this machine, or those that the job takes of a cluster. */
const coresOf = ({ spark }: Config): number => (spark.master ? spark.cores : availableParallelism())

async function show(
  { output }: CommandContext,
  machine: MachineFacts,
  results: readonly Measurement[],
  { json, report }: Flags,
): Promise<void> {
  const checks = samplesChecks(results)
  if (json) for (const check of checks) output.json(check)
  else printTables(output, resultTables(results, checks), machineLines(machine))
  if (report === undefined) return
  await writeReport(report, reportPage(machine, results, await chartLibrary()))
  output.note(`Report: ${resolve(report)}`)
}

/** @throws CliError USAGE for an unknown section. */
function parseSections(only: string | undefined): ReadonlySet<Section> {
  const names = only?.split(',').map((name) => name.trim()) ?? [...USUAL_SECTIONS]
  const unknown = names.find((name) => !(SECTIONS as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new CliError('USAGE', `--only ${only}: unknown section ${JSON.stringify(unknown)}`, {
      hint: `The sections are ${SECTIONS.join(', ')}.`,
    })
  return new Set(names as Section[])
}

/** @throws CliError USAGE for an unknown format. */
function parseFormats(text: string | undefined): readonly BenchFormat[] {
  const names = text?.split(',').map((name) => name.trim()) ?? []
  return names.map((name) => {
    const known = BESIDE_CSV.find((format) => format === name)
    if (known) return known
    throw new CliError('USAGE', `--format ${text}: unknown format ${JSON.stringify(name)}`, {
      hint: `The formats are ${BESIDE_CSV.join(', ')}; csv is always measured beside them.`,
    })
  })
}

async function writeReport(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page)
  } catch (error) {
    throw new CliError('STORAGE', `cannot write the report to ${file}: ${errorMessage(error)}`, {
      hint: 'Use a file in a folder that exists and is writable.',
      cause: error,
    })
  }
}
