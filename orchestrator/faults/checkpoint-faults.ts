import { execa } from 'execa'
import { CONTINUES, type Expectation, type Fault } from './fault.ts'
import type { Trial } from './trial.ts'

/** The newest file of each kind that a restart reads, relative to the checkpoint. */
const TARGETS = {
  'the metadata file': 'metadata',
  'the last offsets file': 'offsets/[0-9]*',
  'the last commit': 'commits/[0-9]*',
  'the newest state file': 'state/0/0/*.*',
  'the ledger': 'cpu-anomaly-ledger.json',
} as const

const DAMAGES = {
  'is empty': 'truncate -s 0 "$1"',
  'is cut in half': 'truncate -s "$(( $(stat -c %s "$1") / 2 ))" "$1"',
  'is garbage':
    'head -c "$(( $(stat -c %s "$1") + 1 ))" /dev/urandom > "$1.garbage" && cat "$1.garbage" > "$1"; rm -f "$1.garbage"',
  'is missing': 'rm -f "$1"',
} as const

const CHECKPOINT_IN_CONTAINER = '/opt/spark/work-dir/checkpoint'

/** Runs a script of the shell where the checkpoint is: here or in a container of the cluster. `$1` is `argument`. */
async function runAtCheckpoint(trial: Trial, script: string, argument: string): Promise<string> {
  const { stack } = trial
  if (stack.runtime === 'local') {
    const cwd = `${stack.folder}/storage/checkpoint`
    return (await execa('bash', ['-c', script, 'bash', argument], { cwd })).stdout
  }
  const master = (await trial.status()).parts.find(({ part }) => part === 'spark-master')?.container ?? ''
  const where = ['exec', '-w', CHECKPOINT_IN_CONTAINER, master]
  return (await execa('docker', [...where, 'bash', '-c', script, 'bash', argument])).stdout
}

/** A file is damaged while the job is stopped: the job heals it or refuses it, naming the file; it never counts wrongly. */
const damaged = (target: keyof typeof TARGETS, damage: keyof typeof DAMAGES): Fault => ({
  name: `checkpoint: ${target} ${damage}`,
  prepare: async (trial) => void (await trial.stack.ok('stop')),
  async inject(trial) {
    const newest = `ls -1v ${TARGETS[target]} 2>/dev/null | grep -v crc | tail -n 1`
    const file = await runAtCheckpoint(trial, newest, '')
    if (!file) throw new Error(`the checkpoint has no file like ${TARGETS[target]}`)
    const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : ''
    const checksum = `rm -f "${folder}.${file.slice(folder.length)}.crc"`
    await runAtCheckpoint(trial, `${DAMAGES[damage]}; ${checksum}`, file)
    return healsOrRefuses(trial, file)
  },
})

async function healsOrRefuses(trial: Trial, file: string): Promise<Expectation> {
  const { exitCode, stderr } = await trial.stack.cli(['submit'])
  trial.starts += 1
  if (exitCode === 0) return CONTINUES
  if (exitCode === 3) return { refuses: new RegExp(escapePattern(file)) }
  throw new Error(`submit ended with ${exitCode} for a damaged ${file}: ${stderr}`)
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

export const CHECKPOINT_FAULTS: readonly Fault[] = (Object.keys(TARGETS) as (keyof typeof TARGETS)[]).flatMap(
  (target) => (Object.keys(DAMAGES) as (keyof typeof DAMAGES)[]).map((damage) => damaged(target, damage)),
)
