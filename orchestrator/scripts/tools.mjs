// What the scripts share: the root of the clone, running its tools, and the Python environment that checks the job.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {{ python: string, env: NodeJS.ProcessEnv }} PythonTools
 */

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** @param {string[]} parts */
export const inRoot = (...parts) => join(root, ...parts)

/** @param {string} line */
export const printLine = (line) => process.stderr.write(`${line}\n`)

/**
 * Runs a program in the foreground; true if it succeeded.
 * @param {string} title
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 */
export function runTool(title, program, args, { cwd = root, env = process.env } = {}) {
  printLine(`\n== ${title}`)
  const { status, error } = spawnSync(program, args, { cwd, env, stdio: 'inherit' })
  if (error) printLine(error.message)
  return status === 0
}

/**
 * Runs a program of node_modules.
 * @param {string} title
 * @param {string} name
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export const runNodeTool = (title, name, args, env = process.env) =>
  runTool(title, inRoot('node_modules', '.bin', name), args, { env })

/**
 * Runs a module of the pinned Python tools in spark-job/.
 * @param {string} title
 * @param {readonly string[]} args
 */
export async function runPythonTool(title, args) {
  installed ??= installPythonTools()
  const { python, env } = await installed
  return runTool(title, python, ['-m', ...args], { cwd: inRoot('spark-job'), env })
}

/** @type {Promise<PythonTools> | undefined} */
let installed

/**
 * The driver's own Python packages and, beside them, the pinned tools that check and test the job.
 * @returns {Promise<PythonTools>}
 */
async function installPythonTools() {
  const { installSpark, installVenv, requirementsFile } = await installer()
  const { findPython } = await tools()
  const { cacheDir } = await cache()
  const { env } = process
  const context = {
    env,
    signal: new AbortController().signal,
    /** @param {string} detail */
    update: (detail) => void (process.stderr.isTTY && process.stderr.write(`\r\u001b[2K${detail}`)),
  }
  printLine('\n== Python packages')
  const spark = await installSpark(context)
  const { path, version } = await findPython(env)
  const requirements = requirementsFile('requirements-dev.txt')
  const dev = join(cacheDir(), `job-tools-${fingerprint(requirements)}-python-${version}`)
  await installVenv(path, dev, [requirements], context)
  return {
    python: join(dev, 'bin', 'python'),
    env: {
      ...process.env,
      PYTHONPATH: dirname(spark.sparkHome),
      MYPYPATH: dirname(spark.sparkHome),
      PYSPARK_PYTHON: spark.python,
      SPARK_HOME: spark.sparkHome,
      SPARK_LOCAL_IP: '127.0.0.1',
    },
  }
}

// The program's own modules, as they are built; with the types of their sources.
/** @param {string} file */
const built = (file) => import(inRoot('dist', ...file.split('/')))
/** @returns {Promise<typeof import('../src/runtime/local/install-python.ts')>} */
const installer = () => built('runtime/local/install-python.js')
/** @returns {Promise<typeof import('../src/runtime/local/tools.ts')>} */
const tools = () => built('runtime/local/tools.js')
/** @returns {Promise<typeof import('../src/runtime/cache.ts')>} */
const cache = () => built('runtime/cache.js')

/** @param {string} file */
const fingerprint = (file) => createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 8)
