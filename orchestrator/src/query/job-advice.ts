import type { DriverStatus } from '../runtime/runtime.ts'
import { escapeControls } from '../terminal/text.ts'

const SUBMIT = '`npx cpu-anomaly submit` continues it from its last commit'
const LOG = '`npx cpu-anomaly logs driver -n 200` shows why'

const ENDED: Readonly<Partial<Record<DriverStatus['state'], string>>> = {
  'gave-up': `gave up and is not restarted; ${SUBMIT}, ${LOG}`,
  failed: `failed and is not restarted; ${LOG}`,
  lost: `was killed together with its supervisor; ${SUBMIT}`,
  orphaned: 'runs without its supervisor; run `npx cpu-anomaly stop`, then `submit`',
}

/** What `up` says about the job, which it does not start: labels and texts. */
export function adviceAfterUp(driver: DriverStatus | undefined): (readonly [label: string, text: string])[] {
  const ended = driver && ENDED[driver.state]
  if (ended) return [['Job', `${ended}${driver.reason ? ` (${escapeControls(driver.reason)})` : ''}`]]
  if (!driver || driver.state === 'stopped') return [['Next', 'npx cpu-anomaly submit']]
  return [
    ['Job', driver.state === 'backing-off' ? 'failed and is being restarted' : driver.state],
    ['Next', 'npx cpu-anomaly status'],
  ]
}
