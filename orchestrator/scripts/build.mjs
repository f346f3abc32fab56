// Builds dist/ from nothing, so that a module that was renamed or removed is not shipped. A build that fails or is
// interrupted leaves dist/ as it was. Plain Node on purpose: see bootstrap.mjs.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const dist = join(root, 'dist')
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
if (!existsSync(compiler)) {
  console.error(`error: ${join(root, 'node_modules')} has no TypeScript, which builds the program.`)
  console.error('→ Install all packages of the clone: npm ci')
  process.exit(6)
}
const work = mkdtempSync(join(root, 'node_modules', '.cpu-anomaly-build-')) // on the same file system as dist/
try {
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', join(work, 'new')]
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 2, 2] }).status ?? 1
  if (process.exitCode === 0) {
    if (existsSync(dist)) renameSync(dist, join(work, 'old'))
    renameSync(join(work, 'new'), dist)
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
