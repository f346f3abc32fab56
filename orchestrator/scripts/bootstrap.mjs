// Makes a fresh clone ready: installs the locked packages and builds dist/, each only if it is out of date.
// Plain Node on purpose: it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
/** @param {string[]} parts */
const path = (...parts) => join(root, ...parts)
/** @param {string} file */
const modified = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

requireNode(20, 19)
if (modified(path('node_modules', '.package-lock.json')) < modified(path('package-lock.json')))
  run('Installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
if (newest(path('orchestrator', 'src')) > modified(path('dist', 'main.js')))
  run('Building', process.execPath, [path('orchestrator', 'scripts', 'build.mjs')])

/**
 * @param {number} major
 * @param {number} minor
 */
function requireNode(major, minor) {
  const [ownMajor = 0, ownMinor = 0] = process.versions.node.split('.').map(Number)
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return
  console.error(`error: Node.js ${process.versions.node} is too old; ${major}.${minor} or newer is needed.`)
  console.error('→ Install a current one: https://nodejs.org/')
  process.exit(6)
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
 */
function run(title, program, args) {
  console.error(`${title} ...`)
  const { status, signal } = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(signal ? 130 : (status ?? 1))
}
