import { existsSync } from 'node:fs'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { packageRoot } from '../e2e/helpers/stack.ts'

export const LIBRARY = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib']
  .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((file) => existsSync(file))

/** With its fix for older C libraries, on by default, all timed waits of the JVM end at once. */
export const FAKETIME = {
  LD_PRELOAD: LIBRARY ?? '',
  FAKETIME_NO_CACHE: '1',
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  DONT_FAKE_MONOTONIC: '1',
  FAKETIME_FORCE_MONOTONIC_FIX: '0',
}

export interface OtherJava {
  readonly home: string
  readonly python: string
}

/**
 * A Java that runs under libfaketime if the environment names a clock, and a Python that does not: its `sleep` fails there.
 * The folder is always the same one, because the archive of Spark's classes is made anew for each Java. It is in the clone,
 * where nobody else writes: in the system's folder for temporary files, another user could put a program at its place.
 */
export async function otherJava(): Promise<OtherJava> {
  const home = join(packageRoot, 'node_modules', '.cache', 'cpu-anomaly-other-clock')
  const { stdout } = await execa('sh', ['-c', 'command -v java'])
  const java = join(dirname(await realpath(stdout)), 'java')
  const python = join(home, 'bin', 'python')
  await mkdir(dirname(python), { recursive: true })
  const variables = Object.entries(FAKETIME).map(([name, value]) => `${name}=${value}`)
  await writeFile(
    join(home, 'bin', 'java'),
    `#!/bin/sh\nif [ -n "$FAKETIME_TIMESTAMP_FILE" ]; then export ${variables.join(' ')}; fi\nexec '${java}' "$@"\n`,
    { mode: 0o755 },
  )
  await writeFile(python, '#!/bin/sh\nunset LD_PRELOAD\nexec "$PYSPARK_PYTHON" "$@"\n', { mode: 0o755 })
  return { home, python }
}
