import { existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import type { JobSettings } from '../job/job-settings.ts'
import { microBatchPlan, type QueryPlan } from '../job/query-plan.ts'
import { jobSettings } from '../job/settings.ts'
import { JAVA_OPTIONS, submitArgs } from '../job/submit-args.ts'
import { hasJavaClientSecrets, javaClientSecrets } from '../kafka/java-client.ts'
import { packageRoot } from '../package/root.ts'
import { asProperty } from '../runtime/local/java-options.ts'
import type { LocalSpark } from '../runtime/local/local-spark.ts'
import type { Selected } from '../runtime/places.ts'
import type { JobEnvironment } from '../runtime/runtime.ts'
import { type LineProcess, startLineProcess } from '../system/line-process.ts'
import { sendSignal } from '../system/process-identity.ts'
import type { Command } from '../system/run.ts'
import type { Table } from '../table/open-table.ts'
import { type Calibration, collect, parseReply, type Reply, type Request } from './protocol.ts'
import { newScratch } from './scratch.ts'
import { writeSamples } from './table-file.ts'

const LOG_TAIL_LINES = 15

export interface Batch {
  readonly selected: Pick<Selected, 'config' | 'storage' | 'runtime'>
  /** Where Spark runs, whatever the runtime of the stack is. */
  readonly spark: LocalSpark
  readonly topic: string
  readonly request: Request
  /** Written to a file that is read instead of the topic. */
  readonly table?: Table | undefined
}

/**
 * Runs `spark-job/calibrate.py` in a scratch folder of its own; the job and its checkpoint are not touched.
 * @throws CliError QUERY_FAILED with the last lines of Spark's log; the signal's reason when it aborts.
 */
export async function runSparkBatch(batch: Batch, signal: AbortSignal): Promise<Calibration> {
  const folder = await newScratch(batch.selected.storage.run)
  try {
    for (const name of ['spark', 'tmp']) await mkdir(join(folder, name), { mode: 0o700 })
    const planFile = await writePlan(await withFile(batch, folder, signal), folder)
    const modules = join(packageRoot, 'spark-job')
    const launch = await batch.spark.driverLaunch({ scratch: join(folder, 'spark'), modules }, signal)
    const command: Command = [launch.python, [join(modules, 'calibrate.py'), planFile]]
    const env = { ...launch.env, TMPDIR: join(folder, 'tmp'), PYTHONDONTWRITEBYTECODE: '1' }
    return await replies(command, { cwd: folder, env, signal })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function withFile(batch: Batch, folder: string, signal: AbortSignal): Promise<Batch> {
  const { table, request } = batch
  if (table === undefined) return batch
  const file = join(folder, 'samples.csv')
  await writeSamples(table, file, signal)
  return { ...batch, request: { ...request, file, file_has_series: table.series !== undefined } }
}

async function writePlan({ selected, spark, topic, request }: Batch, folder: string): Promise<string> {
  const { config, runtime } = selected
  const secretsFile = join(folder, 'kafka-secrets.json')
  const hasSecrets = hasJavaClientSecrets(runtime.kafka)
  if (hasSecrets)
    await writeFile(secretsFile, JSON.stringify(javaClientSecrets(runtime.kafka)), { mode: 0o600 })
  const { job } = spark
  // For --check the file that the job was given; it may have been edited since.
  const submitted = existsSync(job.baselineFile) ? job.baselineFile : undefined
  const environment: JobEnvironment = {
    ...job,
    baselineFile: (request.check && submitted) || (config.detector.baselineFile ?? job.baselineFile),
    kafka: runtime.kafka,
    secretsFile: hasSecrets ? secretsFile : undefined,
    checkpoint: join(folder, 'checkpoint'),
    sparkConf: {
      ...job.sparkConf,
      'spark.ui.enabled': 'false',
      // Rows are kept to be read a few times: to compress them takes longer than to write them to disk.
      'spark.sql.inMemoryColumnarStorage.compressed': 'false',
      'spark.sql.warehouse.dir': join(folder, 'warehouse'),
      // Files that a killed JVM leaves behind are removed with this folder.
      [JAVA_OPTIONS]: `${job.sparkConf[JAVA_OPTIONS]} ${asProperty([`-Djava.io.tmpdir=${join(folder, 'tmp')}`])}`,
    },
  }
  const plan: QueryPlan = { ...microBatchPlan(config), stateStore: 'memory' }
  const settings: JobSettings = {
    ...jobSettings(request.file === null ? config : readAsCsv(config), environment, plan),
    input_topic: topic,
  }
  const file = join(folder, 'plan.json')
  await writeFile(
    file,
    JSON.stringify({ submitArgs: submitArgs(config, environment, plan), settings, request }),
  )
  return file
}

/** A file is no topic: INPUT_FORMAT does not matter. */
const readAsCsv = (config: Config): Config => ({ ...config, input: { ...config.input, format: 'csv' } })

interface ProcessOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

async function replies(command: Command, { cwd, env, signal }: ProcessOptions): Promise<Calibration> {
  signal.throwIfAborted()
  const found: Reply[] = []
  const logTail: string[] = []
  const onStderrLine = (line: string) => {
    logTail.push(line)
    if (logTail.length > LOG_TAIL_LINES) logTail.shift()
  }
  const onLine = (line: string) => {
    const reply = parseReply(line)
    if (reply) found.push(reply)
    else onStderrLine(line)
  }
  const running = await startLineProcess(command, { cwd, env, onLine, onStderrLine })
  await untilEnded(running, signal)
  signal.throwIfAborted()
  const calibration = collect(found)
  if (calibration) return calibration
  const error = found.find((reply) => reply.event === 'error')
  throw new CliError('QUERY_FAILED', `Spark did not calibrate: ${error?.message ?? 'it ended early'}`, {
    details: logTail,
    hint: 'Run it again; `cpu-anomaly doctor` checks this machine.',
  })
}

/** Whatever ends this program, the JVM does not outlive it: it is in the process group, and has nothing to save. */
async function untilEnded(running: LineProcess, signal: AbortSignal): Promise<void> {
  const kill = () => sendSignal(-running.pid, 'SIGKILL')
  process.once('exit', kill)
  signal.addEventListener('abort', kill, { once: true })
  try {
    await running.exited
  } finally {
    signal.removeEventListener('abort', kill)
    process.removeListener('exit', kill)
  }
}
