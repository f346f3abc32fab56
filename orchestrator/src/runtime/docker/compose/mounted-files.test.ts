import { readFileSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../../../package/root.ts'
import { newFolder } from '../../../system/folder.fixture.ts'
import { boundFiles, requireUnixLineEnds } from './mounted-files.ts'

it('finds each bind mount of the package once, through anchors and merges, but no volumes', () => {
  const compose = `
services:
  a:
    volumes:
      - { type: volume, source: data, target: /data }
      - &first { type: bind, source: "\${CPU_ANOMALY_PACKAGE:-.}/infra/one", target: /one }
  b:
    volumes:
      - *first
      - { <<: *first, source: "\${CPU_ANOMALY_PACKAGE:-.}/infra/two" }
  c: {}
`
  expect(boundFiles(compose, '/root')).toEqual(['/root/infra/one', '/root/infra/two'])
})

it('finds every file that the shipped compose file mounts', async () => {
  const files = boundFiles(readFileSync(join(packageRoot, 'docker-compose.yml'), 'utf8'), packageRoot)
  expect(files).toContain(join(packageRoot, 'infra', 'docker', 'start-kafka.sh'))
  for (const file of files) expect((await stat(file)).isFile(), file).toBe(true)
})

describe('the line ends of a mounted file', () => {
  it.each([
    ['echo a\n', true],
    ['echo a\r\n', false],
    ['', true],
  ])('of %j are usable: %s', async (text, expected) => {
    const file = join(await newFolder(), 'script.sh')
    await writeFile(file, text)
    const check = requireUnixLineEnds(file)
    if (expected) await expect(check).resolves.toBeUndefined()
    else
      await expect(check).rejects.toMatchObject({
        code: 'STORAGE',
        message: expect.stringContaining(`${file} has the line ends of Windows`),
      })
  })

  it('are those of Unix in a clone, whatever core.autocrlf is', () => {
    expect(readFileSync(join(packageRoot, '.gitattributes'), 'utf8')).toMatch(/^\* text=auto eol=lf$/m)
  })
})
