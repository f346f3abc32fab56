// Makes a fresh clone ready: installs the locked packages and builds dist/, each only if needed, and links the
// command where npx looks first. Otherwise npx links it in its own cache, where npm keeps a link that it could not make.
// Plain Node on purpose: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireNode } from '../bin/require-node.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const NPM_QUIET = ['--no-audit', '--no-fund', '--loglevel=error']
/** @param {string[]} parts */
const path = (...parts) => join(root, ...parts)
/** @param {string} file */
const modified = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

requireNode()
if (
  modified(path('node_modules', '.package-lock.json')) < modified(path('package-lock.json')) ||
  !isComplete()
)
  // The build needs the development packages, which NODE_ENV=production would leave out.
  run('Installing packages (npm ci)', 'npm', ['ci', '--include=dev', ...NPM_QUIET], {
    code: 6,
    hint: 'npm could not install the packages of the clone: check the network, and that this folder can be written.',
  })
if (newest(path('orchestrator', 'src')) > modified(path('dist', 'main.js')))
  run('Building', process.execPath, [path('orchestrator', 'scripts', 'build.mjs')], {
    code: 1,
    hint: 'The sources of the clone do not compile: repair them, or restore them with `git checkout`.',
  })
linkCommand(path('node_modules', '.bin', 'cpu-anomaly'))

/** Is every package installed that this one names? An install that was interrupted, or left some out, has not all. */
function isComplete() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(path('package.json'), 'utf8'))
  return Object.keys({ ...dependencies, ...devDependencies }).every((name) =>
    existsSync(path('node_modules', name, 'package.json')),
  )
}

/** @param {string} link */
function linkCommand(link) {
  if (existsSync(link)) return
  try {
    symlinkSync(join('..', '..', 'orchestrator', 'bin', 'cpu-anomaly.mjs'), link)
  } catch {
    // A folder that cannot be written: npx makes its own link.
  }
}

/**
 * When anything in a folder last changed, in ms since 1970. Folders count too: a removed file shows only in the time of its folder.
 * @param {string} dir
 */
function newest(dir) {
  const entries = readdirSync(dir, { withFileTypes: true, recursive: true })
  return Math.max(modified(dir), ...entries.map((entry) => modified(join(entry.parentPath, entry.name))))
}

/**
 * @param {string} title
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ code: number, hint: string }} failure
 */
function run(title, program, args, failure) {
  console.error(`${title} ...`)
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) return
  if (error) console.error(`error: ${error.message}`)
  console.error(`→ ${failure.hint}`)
  process.exit(signal ? 130 : status === 6 ? 6 : failure.code)
}
