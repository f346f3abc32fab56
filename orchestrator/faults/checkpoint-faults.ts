import { execa } from 'execa'
import { crash } from './crash.ts'
import { continuesAnew, type Expectation, type Fault } from './fault.ts'
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

type Target = keyof typeof TARGETS
type Damage = keyof typeof DAMAGES

/** How the job ends before its checkpoint is damaged. */
const ENDS = {
  '': async (trial: Trial) => void (await trial.stack.ok('stop')),
  ', after a crash': crash,
} as const

/** A file is damaged while the job does not run: the job heals it or refuses it, naming the file; it never counts wrongly. */
const damaged = (target: Target, damage: Damage, end: keyof typeof ENDS): Fault => ({
  name: `checkpoint: ${target} ${damage}${end}`,
  prepare: ENDS[end],
  async inject(trial) {
    const newest = `ls -1v ${TARGETS[target]} 2>/dev/null | grep -v crc | tail -n 1`
    const file = await runAtCheckpoint(trial, newest, '')
    if (!file) throw new Error(`the checkpoint has no file like ${TARGETS[target]}`)
    const folder = file.includes('/') ? file.slice(0, file.lastIndexOf('/') + 1) : ''
    const checksum = `rm -f "${folder}.${file.slice(folder.length)}.crc"`
    const content = 'cksum "$1" 2>&1 || true'
    const before = await runAtCheckpoint(trial, content, file)
    await runAtCheckpoint(trial, `${DAMAGES[damage]}; ${checksum}`, file)
    if ((await runAtCheckpoint(trial, content, file)) === before) throw new Error(`${file} is as it was`)
    return healsOrRefuses(trial, file)
  },
})

async function healsOrRefuses(trial: Trial, file: string): Promise<Expectation> {
  const struckMs = Date.now()
  const { exitCode, stderr } = await trial.stack.cli(['submit'])
  if (exitCode === 0) return continuesAnew(struckMs)
  if (exitCode === 3) return { struckMs, refuses: new RegExp(escapePattern(file)) }
  throw new Error(`submit ended with ${exitCode} for a damaged ${file}: ${stderr}`)
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const everyTarget = (damages: readonly Damage[], end: keyof typeof ENDS): Fault[] =>
  (Object.keys(TARGETS) as Target[]).flatMap((target) =>
    damages.map((damage) => damaged(target, damage, end)),
  )

export const CHECKPOINT_FAULTS: readonly Fault[] = [
  ...everyTarget(Object.keys(DAMAGES) as Damage[], ''),
  ...everyTarget(['is cut in half', 'is missing'], ', after a crash'),
]
