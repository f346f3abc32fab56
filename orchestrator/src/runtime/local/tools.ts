import { userInfo } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { CliError } from '../../errors.ts'
import { childEnvironment, type ShellEnvironment } from '../../system/child-environment.ts'
import { run, tryRun } from '../../system/run.ts'

const JAVA_WANTED = 17
const PYTHON_WANTED = [3, 10] as const

export interface Tool {
  readonly path: string
  readonly version: string
}

/**
 * Spark's login fails without a name, which HADOOP_USER_NAME does not replace.
 * @throws CliError TOOL_MISSING for a user whom the system does not know, as in a container that runs as any number.
 */
export function requireUserName(): string {
  try {
    return userInfo().username
  } catch {
    throw new CliError('TOOL_MISSING', `the user ${process.getuid?.()} has no name, and Spark needs one`, {
      hint: 'Add the user to /etc/passwd, or set RUNTIME=docker.',
    })
  }
}

/** @throws CliError TOOL_MISSING with the version found, the version needed and how to install it. */
export async function findJava(env: ShellEnvironment): Promise<Tool> {
  const candidates = env.JAVA_HOME ? [join(absolute(env.JAVA_HOME), 'bin', 'java')] : ['java']
  const java = await firstVersion(
    candidates,
    ['-version'],
    /version "([^"]+)"/,
    childEnvironment('java', env),
  )
  const where = env.JAVA_HOME ? ` (JAVA_HOME=${env.JAVA_HOME})` : ''
  if (!java) throw toolMissing(`no Java found${where}`, `Java ${JAVA_WANTED} or newer`, JAVA_HINT)
  if (javaMajor(java.version) < JAVA_WANTED)
    throw toolMissing(`found Java ${java.version}${where}`, `Java ${JAVA_WANTED} or newer`, JAVA_HINT)
  return java
}

/** Broker and driver run in another folder than this command. */
function absolute(javaHome: string): string {
  if (isAbsolute(javaHome)) return javaHome
  const problem = `JAVA_HOME=${javaHome} is not an absolute path`
  throw toolMissing(problem, `Java ${JAVA_WANTED} or newer`, 'Write the full path of its folder.')
}

/** 8 for `1.8.0_402`, 17 for `17.0.15`, 21 for `21-ea`. */
function javaMajor(version: string): number {
  const [first = '0', second = '0'] = version.split(/[.\-+_]/)
  return Number(first === '1' ? second : first)
}

/** @throws CliError TOOL_MISSING when no Python is new enough, or when it cannot make virtual environments. */
export async function findPython(shell: ShellEnvironment): Promise<Tool> {
  const env = childEnvironment('probe', shell)
  const names = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']
  const tooOld: string[] = []
  for (const name of names) {
    const tool = await firstVersion([name], [...ISOLATED, '-c', PYTHON_PROBE], /^(\S+) /, env)
    if (!tool) continue
    if (!isPythonWanted(tool.version)) {
      tooOld.push(`${name} ${tool.version}`)
      continue
    }
    const venv = await tryRun([name, [...ISOLATED, '-c', 'import venv, ensurepip']], { env })
    if (venv) return { path: name, version: tool.version }
    throw toolMissing(
      `${name} ${tool.version} has no venv module`,
      'Python with venv and ensurepip',
      PYTHON_HINT,
    )
  }
  const problem = tooOld.length > 0 ? `found ${tooOld.join(', ')}` : 'no Python found'
  throw toolMissing(problem, `Python ${PYTHON_WANTED.join('.')} or newer`, PYTHON_HINT)
}

/**
 * Starts Python as the driver is started: with what CPU_ANOMALY_PASS_ENV names, such as PYTHONHOME.
 * @throws CliError CHECK_FAILED with what Python says, when it does not start.
 */
export async function checkDriverPython({ path }: Tool, shell: ShellEnvironment): Promise<void> {
  await run([path, ['-c', 'import json, threading']], {
    env: childEnvironment('java', shell),
    timeoutMs: 20_000,
    failAs: 'CHECK_FAILED',
    hint: 'The driver gets the variables that CPU_ANOMALY_PASS_ENV names: leave out those that break Python.',
  })
}

/** Otherwise Python would import modules from the folder in which the user stands: a venv.py, a platform.py. */
export const ISOLATED = ['-I'] as const

const PYTHON_PROBE = 'import platform; print(platform.python_version(), "")'

function isPythonWanted(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major === PYTHON_WANTED[0] && minor >= PYTHON_WANTED[1]
}

async function firstVersion(
  candidates: readonly string[],
  args: readonly string[],
  pattern: RegExp,
  env: Readonly<Record<string, string>>,
): Promise<Tool | undefined> {
  for (const path of candidates) {
    const result = await tryRun([path, args], { env, timeoutMs: 20_000 })
    const version = result && `${result.stdout}\n${result.stderr}`.match(pattern)?.[1]
    if (version) return { path, version }
  }
  return undefined
}

const onMac = process.platform === 'darwin'
const JAVA_HINT = onMac
  ? 'Install one with `brew install openjdk@17`, and set JAVA_HOME to it.'
  : 'Install one, for example with `sudo apt install openjdk-17-jre-headless` or `sudo dnf install java-17-openjdk-headless`.'
const PYTHON_HINT = onMac
  ? 'Install one with `brew install python@3.12`.'
  : 'Install one, for example with `sudo apt install python3 python3-venv` or `sudo dnf install python3`.'

function toolMissing(problem: string, wanted: string, hint: string): CliError {
  return new CliError('TOOL_MISSING', `${problem}; the local runtime needs ${wanted}`, { hint })
}
