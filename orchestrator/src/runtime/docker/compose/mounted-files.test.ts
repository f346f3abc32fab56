import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../../../package/root.ts'
import { boundFiles } from './mounted-files.ts'

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
