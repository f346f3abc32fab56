import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProcess } from '../../system/find-process.ts'
import { endProcess, type ProcessIdentity } from '../../system/process-identity.ts'
import { run, spawnDetached } from '../../system/run.ts'
import type { DriverLaunch } from '../local/driver-launch.ts'
import { fileUri } from '../local/java-options.ts'
import { writeJobFiles } from '../local/job-files.ts'
import { propertiesText } from '../local/properties.ts'
import { JOB_FILE, type RuntimeContext, type Submission } from '../runtime.ts'
import { hadoopVariables } from './hadoop-settings.ts'
import { MODULES_FILE } from './job-environment.ts'

/** The variables that Spark would hand on to the driver's node, where these paths mean nothing; and what a JVM here needs. */
const OF_A_DRIVER_HERE = ['PYSPARK_PYTHON', 'PYSPARK_DRIVER_PYTHON', 'PYTHONPATH', 'SPARK_SUBMIT_OPTS']

/** spark-submit in cluster mode: it hands the job to YARN, which takes some seconds, and ends. */
export class Launcher {
  readonly logFile: string
  readonly #context: RuntimeContext
  readonly #secretsFile: string
  readonly #propertiesFile: string

  constructor(context: RuntimeContext, files: { secretsFile: string; propertiesFile: string }) {
    this.logFile = join(context.storage.logs, 'yarn-submit.log')
    this.#context = context
    this.#secretsFile = files.secretsFile
    this.#propertiesFile = files.propertiesFile
  }

  /** Writes what is sent to YARN, and starts to send it. The process outlives this command; its last arguments are its tags. */
  async start(submission: Submission, launch: DriverLaunch, signal: AbortSignal): Promise<void> {
    const { rendered, root } = this.#context.storage
    await writeJobFiles(rendered, submission.files)
    // Also an archive with nothing but names relative to it.
    await run([launch.python, ['-I', '-m', 'zipfile', '-c', MODULES_FILE, 'cpu_anomaly']], {
      cwd: rendered,
      signal,
      failAs: 'STORAGE',
    })
    await writeFile(this.#secretsFile, JSON.stringify(submission.secrets), { mode: 0o600 })
    await writeFile(this.#propertiesFile, propertiesText(submission.sparkSecrets), { mode: 0o600 })
    await rm(this.logFile, { force: true })
    const args = [...submission.submitArgs, fileUri(join(rendered, JOB_FILE))]
    const env = { ...without(launch.env, OF_A_DRIVER_HERE), ...hadoopVariables(this.#context.env) }
    await spawnDetached([launch.sparkSubmit, args], { cwd: root, env, logFile: this.logFile })
  }

  /** The process that hands the application with this tag to YARN; undefined once it has ended. */
  find(tag: string): Promise<ProcessIdentity | undefined> {
    return findProcess((line) => line.includes(`,${tag} `) && /\bspark-?submit\b/i.test(line))
  }

  /** Afterwards it hands over nothing more. */
  async end(tag: string): Promise<void> {
    const process = await this.find(tag)
    if (process) await endProcess(process, { termTimeoutMs: 5_000, group: true })
  }

  /** Why it has ended without an application, as far as its log tells. */
  async failure(): Promise<string> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '')
    return exceptionIn(log) ?? 'spark-submit ended before YARN had the job'
  }

  async removeFiles(): Promise<void> {
    await Promise.all([this.#secretsFile, this.#propertiesFile].map((file) => rm(file, { force: true })))
  }
}

/** The message of the exception that ended a JVM. */
export const exceptionIn = (log: string): string | undefined =>
  log.match(/^Exception in thread "main" (?:[\w.$]+: )?(.+)$/m)?.[1]

const without = (
  variables: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)))
