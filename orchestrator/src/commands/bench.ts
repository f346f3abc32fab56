import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import Table from 'cli-table3'
import { latencySection } from '../bench/latency-section.ts'
import { machineFacts } from '../bench/machine.ts'
import { requireLocal, requireNoJob } from '../bench/preconditions.ts'
import { chartLibrary, machineLines, reportPage } from '../bench/report.ts'
import { type MachineFacts, type Measured, rowsChecks } from '../bench/results.ts'
import { scalingSection } from '../bench/scaling.ts'
import { type BenchSizes, benchSizes, SECTIONS, type Section } from '../bench/sizes.ts'
import { resultTables, type TableData } from '../bench/tables.ts'
import { throughputSection } from '../bench/throughput.ts'
import { Workspace } from '../bench/workspace.ts'
import { colors } from '../colors.ts'
import type { CommandContext, CommandRun } from '../command.ts'
import { CliError, errorMessage } from '../errors.ts'
import type { Output } from '../output.ts'
import { withFolderLock } from '../runtime/folder-lock.ts'
import { selectRuntime } from '../runtime/select.ts'
import { requireBroker } from './submit.ts'

const DEFAULT_RATE = 1_000

interface Flags {
  readonly quick?: boolean
  readonly only?: string
  readonly rate?: number
  readonly json?: boolean
  readonly report?: string
  readonly besideLiveJob?: boolean
}

export const run: CommandRun<Flags> = async (context, _args, flags) => {
  const startedAt = performance.now()
  const { output, signal } = context
  const sections = parseSections(flags.only)
  const { config, storage, ...selected } = await selectRuntime(context)
  const runtime = requireLocal(selected.runtime)
  await requireBroker({ runtime })
  if (!flags.besideLiveJob) await requireNoJob(runtime)
  const machine = await machineFacts(runtime, process.argv.slice(2))
  if (flags.json) output.json(machine)
  const results: Measured[] = []
  const found = (result: Measured) => {
    results.push(result)
    if (flags.json) output.json(result)
  }
  try {
    await withFolderLock(storage, signal, async () => {
      const workspace = await Workspace.open(config, runtime, storage, signal)
      try {
        const sizes = benchSizes(flags.quick === true, availableParallelism())
        await measure(workspace, context, sections, sizes, flags.rate ?? DEFAULT_RATE, found)
      } finally {
        await workspace.close(output)
      }
    })
  } finally {
    // Also what was measured before something failed: it took its time.
    if (results.length > 0) await show(context, machine, results, flags)
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0)
  output.note(`Measured in ${seconds} s; topics and checkpoints are removed.`)
}

async function show(
  { output }: CommandContext,
  machine: MachineFacts,
  results: readonly Measured[],
  { json, report }: Flags,
): Promise<void> {
  const checks = rowsChecks(results)
  if (json) for (const check of checks) output.json(check)
  else showTables(output, resultTables(results, checks), machineLines(machine))
  if (report === undefined) return
  await writeReport(report, reportPage(machine, results, await chartLibrary()))
  output.note(`The report is ${resolve(report)}`)
}

/** What loads topics shares one driver; the latency is measured last, when that one is gone. */
async function measure(
  workspace: Workspace,
  { output }: CommandContext,
  sections: ReadonlySet<Section>,
  sizes: BenchSizes,
  rate: number,
  found: (result: Measured) => void,
): Promise<void> {
  if (sections.has('throughput') || sections.has('scaling'))
    await workspace.withSession({}, async (session) => {
      const tools = { workspace, session, output }
      if (sections.has('throughput')) await throughputSection(tools, sizes.throughput, found)
      if (sections.has('scaling')) await scalingSection(tools, sizes.scaling, found)
    })
  if (sections.has('latency')) await latencySection(workspace, output, sizes.latency, rate, found)
}

function showTables(output: Output, tables: readonly TableData[], facts: readonly [string, string][]): void {
  for (const { title, head, rows } of tables) {
    const aligned = head.map((_, index) => (index === 0 ? 'left' : 'right') as 'left' | 'right')
    const table = new Table({ head: [...head], colAligns: aligned, style: { head: [], border: [] } })
    table.push(...rows.map((cells) => [...cells]))
    output.result(`\n${colors.bold(title)}`)
    output.result(table.toString())
  }
  output.result('')
  for (const [name, text] of facts) output.result(`${name.padEnd(9)} ${text}`)
}

/** @throws CliError USAGE */
function parseSections(only: string | undefined): ReadonlySet<Section> {
  const names = only?.split(',').map((name) => name.trim()) ?? [...SECTIONS]
  const unknown = names.find((name) => !(SECTIONS as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new CliError('USAGE', `--only ${only}: there is no section ${JSON.stringify(unknown)}`, {
      hint: `Sections are ${SECTIONS.join(', ')}.`,
    })
  return new Set(names as Section[])
}

async function writeReport(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page)
  } catch (error) {
    throw new CliError('STORAGE', `cannot write the report to ${file}: ${errorMessage(error)}`, {
      hint: 'Give --report a file in a folder that exists and can be written to.',
      cause: error,
    })
  }
}
