import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder } from '../../../system/folder.fixture.ts'
import { driverFiles } from './files.ts'

it("puts the job beside the supervisor, in folders of Spark's user", async () => {
  const folder = await newFolder()
  await writeFile(join(folder, 'a.jar'), 'jar')
  const submission = {
    files: [
      { path: 'job.py', text: 'job' },
      { path: 'cpu_anomaly/accounting/auditor.py', text: 'audit' },
      { path: 'cpu_anomaly/windows.py', text: 'windows' },
    ],
    submitArgs: [],
    stopTimeoutMs: 1,
    secrets: {},
    sparkSecrets: {},
  }
  const files = await driverFiles(submission, [join(folder, 'a.jar')])
  expect(files.map(({ path }) => path)).toEqual([
    'opt/cpu-anomaly/',
    'opt/cpu-anomaly/state/',
    'opt/cpu-anomaly/jars/',
    'opt/cpu-anomaly/cpu_anomaly/',
    'opt/cpu-anomaly/cpu_anomaly/accounting/',
    'opt/cpu-anomaly/job.py',
    'opt/cpu-anomaly/cpu_anomaly/accounting/auditor.py',
    'opt/cpu-anomaly/cpu_anomaly/windows.py',
    'opt/cpu-anomaly/kafka-secrets.json',
    'opt/cpu-anomaly/supervise.py',
    'opt/cpu-anomaly/log4j2.properties',
    'opt/cpu-anomaly/jars/a.jar',
  ])
  for (const { path, content, mode, uid } of files)
    expect({ mode, uid }, path).toEqual({ mode: content === undefined ? 0o700 : 0o600, uid: 185 })
  expect(files.find(({ path }) => path.endsWith('windows.py'))?.content).toBe('windows')
})
