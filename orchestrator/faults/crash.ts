import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { signalPart } from './processes.ts'
import type { Trial } from './trial.ts'

const TRIES_MS = 60_000

/**
 * Supervisor and driver are killed, so that nothing restarts the job. On the local runtime, the driver is killed when a batch
 * is committed that the ledger does not account for yet; in a container, at any time.
 * @throws Error if the ledger keeps up all the time.
 */
export async function crash(trial: Trial): Promise<void> {
  const { stack } = trial
  if (stack.runtime === 'docker') return void (await signalPart(stack, 'supervisor', 'KILL'))
  const driver = (await trial.status()).driver?.pid
  if (!driver) throw new Error('the driver is not running')
  await signalPart(stack, 'supervisor', 'KILL')
  const checkpoint = join(stack.folder, 'storage', 'checkpoint')
  // Read again about what is bad, the batch is accounted for later.
  for (const until = Date.now() + TRIES_MS; Date.now() < until; trial.load.sendBad()) {
    for (const next = Date.now() + 1_000; Date.now() < next && !isLedgerBehind(checkpoint); ) await sleep(1)
    // It stands still while the question is asked again.
    process.kill(-driver, 'SIGSTOP')
    if (isLedgerBehind(checkpoint)) return void (await signalPart(stack, 'driver', 'KILL'))
    process.kill(-driver, 'SIGCONT')
  }
  throw new Error('the ledger was never behind')
}

function isLedgerBehind(checkpoint: string): boolean {
  const commits = readdirSync(join(checkpoint, 'commits')).map(Number).filter(Number.isInteger)
  const ledger = JSON.parse(readFileSync(join(checkpoint, 'cpu-anomaly-ledger.json'), 'utf8')) as {
    batch: number
  }
  return Math.max(...commits) > ledger.batch
}
