import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { configWith } from '../config/load.fixture.ts'
import { microBatchPlan } from '../job/query-plan.ts'
import { readModules } from '../job/template.ts'
import { FakeRuntime } from '../runtime/runtime.fixture.ts'
import { type DryRun, dryRunJson, dryRunLines } from './dry-run.ts'
import { prepareSubmission } from './prepare.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const run: DryRun = {
  submission: {
    files: [
      { path: 'job.py', text: 'SETTINGS_JSON = "{}"\n' },
      { path: 'cpu_anomaly/__init__.py', text: '' },
      { path: 'cpu_anomaly/windows.py', text: 'import math\n' },
    ],
    remarks: [],
    submitArgs: ['--name', 'a\u001b[2Jb'],
  },
  plan: {
    trigger: 'micro-batch',
    reason: 'TRIGGER=micro-batch',
    stateStore: 'memory',
    shufflePartitions: 2,
    slots: 0,
  },
  settings: [{ key: 'NORMAL_MEAN', value: '14.5', origin: 'default' }],
}

describe('dryRunLines', () => {
  const lines = [
    '# settings',
    '#   NORMAL_MEAN=14.5  (default)',
    '# Trigger: micro-batch (TRIGGER=micro-batch)',
    '# spark-submit arguments',
    '#   --name',
    '#   a\\x1b[2Jb',
    `# code: 2 modules, sha256 ${sha256('import math\n')}`,
    'SETTINGS_JSON = "{}"',
  ]

  it('are the settings, the arguments, the checksum of the code, and the rendered job', () => {
    expect(dryRunLines(run, false)).toEqual(lines)
  })

  it('continue in full with the text of each module', () => {
    expect(dryRunLines(run, true)).toEqual([
      ...lines,
      '',
      '# cpu_anomaly/__init__.py',
      '',
      '',
      '# cpu_anomaly/windows.py',
      'import math',
    ])
  })
})

describe('dryRunJson', () => {
  it('lists the files with their checksums', () => {
    expect(dryRunJson(run, false)).toEqual({
      job: 'SETTINGS_JSON = "{}"\n',
      files: [
        { path: 'job.py', sha256: sha256('SETTINGS_JSON = "{}"\n') },
        { path: 'cpu_anomaly/__init__.py', sha256: sha256('') },
        { path: 'cpu_anomaly/windows.py', sha256: sha256('import math\n') },
      ],
      submitArgs: run.submission.submitArgs,
      settings: run.settings,
      plan: run.plan,
    })
  })

  it('holds the text of each file in full', () => {
    expect(dryRunJson(run, true).files[2]).toEqual({
      path: 'cpu_anomaly/windows.py',
      sha256: sha256('import math\n'),
      text: 'import math\n',
    })
  })
})

it('a submission holds the rendered job and then each module of the package, unchanged', async () => {
  const config = await configWith(['NORMAL_MEAN=21'])
  const { files } = await prepareSubmission(config, new FakeRuntime(), microBatchPlan(config))
  const [job, ...modules] = files
  expect(job?.path).toBe('job.py')
  expect(job?.text).toContain('\\"normal_mean\\":21')
  expect(job?.text).not.toContain('{{')
  expect(modules).toEqual(await readModules())
  expect(modules.map(({ path }) => path)).toContain('cpu_anomaly/accounting/auditor.py')
})

it.each([
  ['with its cluster', 'cluster-1', '\\"KAFKA_CLUSTER_ID\\":\\"cluster-1\\"', true],
  [
    'without the cluster while no broker runs',
    undefined,
    '\\"WINDOW_DURATION\\":\\"500 milliseconds\\"',
    true,
  ],
  ['not for a checkpoint of this folder', 'cluster-1', '\\"manifest\\":null', false],
])(
  'a submission holds what a checkpoint fixes that others reach too: %s',
  async (_, id, expected, isShared) => {
    const config = await configWith(isShared ? ['CHECKPOINT_LOCATION=hdfs://h/cp'] : [])
    const runtime = new FakeRuntime()
    runtime.clusterIdNow = id
    const [job] = (await prepareSubmission(config, runtime, microBatchPlan(config))).files
    expect(job?.text).toContain(expected)
    expect(job?.text.includes('KAFKA_CLUSTER_ID')).toBe(isShared && id !== undefined)
  },
)
