import { chmod, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newFolder } from '../../system/folder.fixture.ts'
import { isComplete } from '../cache.ts'
import { installVenv } from './install-python.ts'

// Stands for the system's Python. The interpreter of the environment that it makes finds a module after pip has installed
// it there; pip writes down its environment, and installs elsewhere if it is told so.
const PYTHON = `#!/bin/sh
mkdir -p "$5/bin" && cat >"$5/bin/python" <<'EOF'
#!/bin/sh
bin=$(dirname "$0")
case "$*" in
*'-m pip'*) env >"$bin/pip-env"; test -n "$PIP_TARGET" || test -e "$bin/../../elsewhere" || touch "$bin/module" ;;
*) test -e "$bin/module" ;;
esac
EOF
chmod +x "$5/bin/python"
`

async function install(folder: string, shell: Record<string, string> = {}): Promise<string> {
  const python = join(folder, 'python')
  await writeFile(python, PYTHON)
  await chmod(python, 0o755)
  const dir = join(folder, 'venv')
  const context = {
    env: { PATH: process.env.PATH, ...shell },
    signal: new AbortController().signal,
    update: () => undefined,
  }
  await installVenv(python, dir, ['requirements.txt'], context, ['module'])
  return dir
}

describe('installVenv', () => {
  it.each([
    ['its Python was removed', (python: string) => symlink('/nonexistent/python3', python)],
    [
      'its Python does not run',
      (python: string) => writeFile(python, '#!/bin/sh\nexit 127\n', { mode: 0o755 }),
    ],
    ['it has no interpreter', async () => undefined],
  ])('makes an environment again when %s', async (_, replace) => {
    const folder = await newFolder()
    const python = join(await install(folder), 'bin', 'python')
    const whole = await readFile(python, 'utf8')
    await rm(python)
    await replace(python)
    await install(folder)
    expect(await readFile(python, 'utf8')).toBe(whole)
  })

  it('keeps an environment that works', async () => {
    const folder = await newFolder()
    const mark = join(await install(folder), 'mark')
    await writeFile(mark, '')
    await install(folder)
    expect(await readFile(mark, 'utf8')).toBe('')
  })

  it("tells pip where packages come from, but not the user's wishes about where they go", async () => {
    const wishes = {
      PIP_USER: '1',
      PIP_TARGET: '/t',
      PIP_PREFIX: '/p',
      PIP_REQUIRE_VIRTUALENV: '1',
      PYTHONPATH: '/x',
    }
    const dir = await install(await newFolder(), { ...wishes, PIP_INDEX_URL: 'mirror' })
    const lines = (await readFile(join(dir, 'bin', 'pip-env'), 'utf8')).split('\n')
    expect(lines.filter((line) => /^(PIP_|PYTHON)/.test(line)).sort()).toEqual([
      'PIP_DISABLE_PIP_VERSION_CHECK=1',
      'PIP_INDEX_URL=mirror',
      'PIP_USER=0',
    ])
  })

  it('does not count an environment in which pip installed nothing, and names pip.conf', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, 'elsewhere'), '')
    await expect(install(folder)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      hint: expect.stringMatching(/pip did not install module into .*pip\.conf/),
    })
    expect(await isComplete(join(folder, 'venv'))).toBe(false)
  })
})
