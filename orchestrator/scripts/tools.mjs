// What the scripts of a clone share: where it is, running one of its tools, and the Python that checks the job.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
export const inRoot = (...parts) => join(root, ...parts)
export const say = (line) => process.stderr.write(`${line}\n`)

/** Runs a program in the foreground; true when it succeeded. */
export function runTool(title, program, args, { cwd = root, env = process.env } = {}) {
  say(`\n== ${title}`)
  return spawnSync(program, args, { cwd, env, stdio: 'inherit' }).status === 0
}

/** A program of node_modules. */
export const nodeTool = (name) => inRoot('node_modules', '.bin', name)

/**
 * The driver's own Python packages and, beside them, the pinned tools that check and test the job.
 * Returns a function that runs one of the tools' modules in spark-job/.
 */
export async function pythonTools() {
  const built = (file) => import(inRoot('dist', 'runtime', file))
  const { installSpark, installVenv, requirementsFile } = await built('local/install-python.js')
  const { findPython } = await built('local/tools.js')
  const { cacheDir } = await built('cache.js')
  const context = {
    env: process.env,
    signal: new AbortController().signal,
    update: (detail) => process.stderr.isTTY && process.stderr.write(`\r\u001b[2K${detail}`),
  }
  say('\n== Python packages')
  const spark = await installSpark(context)
  const { path, version } = await findPython(process.env)
  const requirements = requirementsFile('requirements-dev.txt')
  const dev = join(cacheDir(), `job-tools-${await fingerprint(requirements)}-python-${version}`)
  await installVenv(path, dev, [requirements], context)
  const env = {
    ...process.env,
    PYTHONPATH: dirname(spark.sparkHome),
    MYPYPATH: dirname(spark.sparkHome),
    PYSPARK_PYTHON: spark.python,
    SPARK_HOME: spark.sparkHome,
    SPARK_LOCAL_IP: '127.0.0.1',
  }
  return (title, args) =>
    runTool(title, join(dev, 'bin', 'python'), ['-m', ...args], { cwd: inRoot('spark-job'), env })
}

async function fingerprint(file) {
  const { createHash } = await import('node:crypto')
  const { readFileSync } = await import('node:fs')
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 8)
}
