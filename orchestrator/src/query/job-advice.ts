import type { DriverStatus } from '../runtime/runtime.ts'
import { escapeControls } from '../terminal/text.ts'
import { jobAdvice, jobLabel } from './job-words.ts'

/** What `up` says about the job, which it does not start: labels and texts. */
export function adviceAfterUp(driver: DriverStatus | undefined): (readonly [label: string, text: string])[] {
  if (!driver || driver.state === 'stopped') return [['Next', 'npx cpu-anomaly submit']]
  const label = jobLabel(driver.state)
  const advice = jobAdvice(driver.state)
  if (!advice)
    return [
      ['Job', label],
      ['Next', 'npx cpu-anomaly status'],
    ]
  return [['Job', `${label}; ${advice}${driver.reason ? ` (${escapeControls(driver.reason)})` : ''}`]]
}
