import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../../package/root.ts'
import { SPARK_VERSION } from '../../package/tested-versions.ts'
import { childEnvironment, type ShellEnvironment } from '../../system/child-environment.ts'
import { run, tryRun } from '../../system/run.ts'
import { cacheDir, fillOnce, isComplete } from '../cache.ts'
import { findPython, ISOLATED } from './tools.ts'
import { trackSize } from './track-size.ts'

export interface SparkInstall {
  /** The virtual environment's interpreter. */
  readonly python: string
  /** pyspark's own folder, with `bin/spark-submit` and `jars/`. */
  readonly sparkHome: string
  /** Path of the Ivy jar that comes with Spark. */
  ivyJar(): Promise<string>
}

export interface InstallContext {
  /** The variables of the shell. */
  readonly env: ShellEnvironment
  readonly signal: AbortSignal
  readonly update: (detail: string) => void
}

// pyspark is built from source, with the setuptools that is pinned here instead of one that pip would fetch.
const PIP_INSTALL = [
  ...ISOLATED,
  '-m',
  'pip',
  'install',
  '--no-input',
  '--no-cache-dir',
  '--use-pep517',
  '--no-build-isolation',
]
const RUNTIME_REQUIREMENTS = ['requirements-build.txt', 'requirements.txt']

// A virtual environment works only with the Python that made it: another minor version gets another one.
const venvDir = (pythonVersion: string): string =>
  join(cacheDir(), `spark-${SPARK_VERSION}-python-${pythonVersion.split('.').slice(0, 2).join('.')}`)

/**
 * Installs the pinned pyspark into a virtual environment in the user's cache, once.
 * @throws CliError TOOL_MISSING without a suitable Python, DOWNLOAD_FAILED when pip fails.
 */
export async function installSpark(context: InstallContext): Promise<SparkInstall> {
  const { path, version } = await findPython(context.env)
  const dir = venvDir(version)
  await installVenv(path, dir, RUNTIME_REQUIREMENTS.map(requirementsFile), context, ['pyspark'])
  const sparkHome = await pysparkFolder(dir)
  return { python: venvPython(dir), sparkHome, ivyJar: () => findIvy(join(sparkHome, 'jars')) }
}

export async function isSparkInstalled(pythonVersion: string): Promise<boolean> {
  const dir = venvDir(pythonVersion)
  return (await isComplete(dir)) && hasModules(dir, ['pyspark'])
}

/** @public Also used by the scripts of a clone. */
export const requirementsFile = (name: string): string => join(packageRoot, 'spark-job', name)

/**
 * Makes a virtual environment in the cache with exactly the packages that the requirements files pin, unless there is one
 * whose interpreter still runs (its Python may have been upgraded or removed) and finds the modules.
 * @public Also used by the scripts of a clone.
 */
export async function installVenv(
  python: string,
  dir: string,
  files: readonly string[],
  context: InstallContext,
  modules: readonly string[] = [],
): Promise<void> {
  const fill = async (target: string) => {
    await makeVenv(python, target, files, context)
    await requireModules(target, modules, context)
  }
  await fillOnce(dir, fill, {
    works: (target) => hasModules(target, modules),
    signal: context.signal,
    onWait: context.update,
  })
}

async function makeVenv(
  python: string,
  dir: string,
  files: readonly string[],
  context: InstallContext,
): Promise<void> {
  const { signal, update } = context
  const env = childEnvironment('download', context.env)
  update('making a virtual environment')
  await run([python, [...ISOLATED, '-m', 'venv', '--clear', dir]], { env, signal, failAs: 'TOOL_MISSING' })
  const tmp = join(dir, 'tmp')
  await mkdir(tmp)
  const stopTracking = trackSize(dir, (bytes) =>
    update(`${Math.round(bytes / 1e6)} MB on disk (of about 1000)`),
  )
  try {
    for (const file of files)
      await run([venvPython(dir), [...PIP_INSTALL, '-r', file]], {
        // Inside the folder, so that an interrupted download leaves nothing elsewhere.
        // PIP_USER: a user's pip.conf may say so, and pip refuses it here.
        env: { ...env, TMPDIR: tmp, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_USER: '0' },
        signal,
        failAs: 'DOWNLOAD_FAILED',
        hint: 'Check the network (and pip.conf, if a mirror or proxy is needed) and run the command again; it starts from an empty folder.',
      })
  } finally {
    stopTracking()
  }
  await rm(tmp, { recursive: true, force: true })
}

const venvPython = (dir: string): string => join(dir, 'bin', 'python')

/** Finds the modules without importing them, which takes 40 ms instead of a second. */
async function hasModules(dir: string, modules: readonly string[]): Promise<boolean> {
  const script = 'import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))'
  return (await tryRun([venvPython(dir), [...ISOLATED, '-c', script, ...modules]])) !== undefined
}

/** @throws CliError DOWNLOAD_FAILED when pip succeeded, but a module cannot be imported. */
async function requireModules(
  dir: string,
  modules: readonly string[],
  { signal }: InstallContext,
): Promise<void> {
  for (const module of modules)
    await run([venvPython(dir), [...ISOLATED, '-c', `import ${module}`]], {
      signal,
      failAs: 'DOWNLOAD_FAILED',
      hint: `pip did not install ${module} into ${dir}. See \`pip config list\`: a pip.conf with target, prefix or root installs elsewhere.`,
    })
}

async function pysparkFolder(dir: string): Promise<string> {
  const config = await readFile(join(dir, 'pyvenv.cfg'), 'utf8')
  const minor = config.match(/^version(?:_info)?\s*=\s*(\d+\.\d+)/m)?.[1]
  return join(dir, 'lib', `python${minor}`, 'site-packages', 'pyspark')
}

async function findIvy(jars: string): Promise<string> {
  const ivy = (await readdir(jars)).find((name) => /^ivy-[\d.]+\.jar$/.test(name))
  if (!ivy) throw new Error(`no Ivy among Spark's jars in ${jars}`)
  return join(jars, ivy)
}
