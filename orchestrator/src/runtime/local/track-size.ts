import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Reports the size of a folder in bytes, about once per second, until the returned function is called. */
export function trackSize(dir: string, report: (bytes: number) => void): () => void {
  let busy = false
  const timer = setInterval(async () => {
    if (busy) return
    busy = true
    report(await folderSize(dir))
    busy = false
  }, 1_000)
  return () => clearInterval(timer)
}

/** Total size of the files below a folder, in bytes; a file that vanishes meanwhile counts as 0. */
async function folderSize(dir: string): Promise<number> {
  const entries = await readdir(dir, { withFileTypes: true, recursive: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          (info) => info.size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
