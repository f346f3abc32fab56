import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { JobFile } from '../runtime.ts'

/** Replaces a folder by exactly these files: a module left by an older version must not be imported. */
export async function writeJobFiles(dir: string, files: readonly JobFile[]): Promise<void> {
  await rm(dir, { recursive: true, force: true })
  for (const { path, text } of files) {
    const file = join(dir, path)
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    await writeFile(file, text)
  }
}
