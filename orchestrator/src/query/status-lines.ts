import type { Config } from '../config/config.ts'
import type { DriverStatus, PartStatus } from '../runtime/runtime.ts'
import { colors } from '../terminal/colors.ts'
import { escapeControls, shownName } from '../terminal/text.ts'
import { formatSeconds } from '../terminal/units.ts'
import { obstacleOf } from './health.ts'
import { jobAdvice, jobLabel } from './job-words.ts'
import { lateText } from './late-text.ts'
import type { QueryProgress, WatermarkAhead } from './progress.ts'
import type { StackStatus } from './status.ts'
import type { SubmittedQuery } from './submitted.ts'

/** What `status` shows to a person. */
export function statusLines(status: StackStatus): string[] {
  const { driver, query, detector, progress, unread, sparkUi, lastError } = status
  const obstacle = obstacleOf(status)
  return [
    line('runtime', status.runtime),
    ...status.parts.map(partLine),
    line('job', driver ? driverText(driver) : 'not running (start it with `cpu-anomaly submit`)'),
    ...(lastError ? [line('error', escapeControls(lastError))] : []),
    ...(obstacle ? [line('', colors.yellow(obstacle))] : []),
    ...(query ? [line('trigger', queryText(query))] : []),
    ...(detector ? detectorLines(detector) : []),
    ...(progress
      ? progressLines(progress, status)
      : unread !== undefined
        ? [line('', unreadText(unread, query))]
        : []),
    ...status.remarks.map((remark) => line('beware', remark)),
    ...(sparkUi ? [line('Spark UI', sparkUi)] : []),
    line('storage', status.storage),
  ]
}

/** Wide enough for the labels of all but one place. */
const line = (label: string, text: string): string => `${label.padEnd(13)} ${text}`

function partLine({ part, state, given, address, detail, pid, container }: PartStatus): string {
  const colour = state === 'running' ? colors.green : state === 'stopped' ? colors.dim : colors.yellow
  const where = [address, given, container ?? (pid && `pid ${pid}`)].filter(Boolean).join(', ')
  return line(
    part,
    `${colour(state)}${where ? ` (${where})` : ''}${detail ? `: ${escapeControls(detail)}` : ''}`,
  )
}

function driverText(driver: DriverStatus): string {
  const who =
    driver.application ?? driver.container ?? driver.pod ?? (driver.pid ? `pid ${driver.pid}` : undefined)
  const since = driver.since ?? driver.startedAt
  const facts = [
    who,
    since && `since ${since}`,
    `${driver.restarts} restart${driver.restarts === 1 ? '' : 's'}`,
    driver.reason && escapeControls(driver.reason),
  ]
  const advice = jobAdvice(driver.state)
  return `${jobLabel(driver.state)} (${facts.filter(Boolean).join(', ')})${advice ? `; ${advice}` : ''}`
}

const queryText = ({ trigger, reason, checkpointIntervalMs }: SubmittedQuery): string =>
  trigger === 'real-time'
    ? `real-time, progress and dead letters every ${formatSeconds(checkpointIntervalMs)}, which is added to MAX_FUTURE_SKEW (${reason})`
    : `micro-batch (${reason})`

/** What the job judges by, in percent of CPU. */
function detectorLines(detector: Config['detector']): string[] {
  const { normalMean, normalStddev, direction, windowMs, watermarkMs, groupBy, baselineFile } = detector
  const beyond = (sigmas: number) => {
    const [low, high] = [-sigmas, sigmas].map((sigma) => percent(normalMean + sigma * normalStddev))
    return { high: `above ${high} %`, low: `below ${low} %`, both: `outside ${low} to ${high} %` }[direction]
  }
  const series = groupBy === 'key' ? ' per key' : ''
  return [
    line('detector', `WARN ${beyond(1)}, ERROR ${beyond(2)} (normal ${normalMean} ± ${normalStddev} %)`),
    ...(baselineFile ? [line('', `unless this has a normal: ${escapeControls(baselineFile)}`)] : []),
    line(
      '',
      `windows of ${formatSeconds(windowMs)}${series}, samples may be ${formatSeconds(watermarkMs)} late`,
    ),
  ]
}

/** Without the noise of binary fractions: 17.2, not 17.200000000000003. */
const percent = (value: number): string => String(Number(value.toPrecision(10)))

function progressLines(progress: QueryProgress, status: StackStatus): string[] {
  const { watermark = 'none yet', stateRows } = progress
  const rows = stateRows === undefined ? '' : `, state rows ${count(stateRows)}`
  return [
    line('progress', `batch ${progress.batch}${batchText(progress, status)}`),
    ...(progress.time === undefined ? [] : [line('', ratesText(progress))]),
    line('', `${unreadText(status.unread, status.query)}, watermark ${watermark}${rows}`),
    line(
      '',
      `read ${count(progress.read)}, dead-lettered ${count(progress.deadLettered)}, late ${count(progress.late)}`,
    ),
    ...(progress.withoutBaseline ? [line('', withoutBaselineText(progress.withoutBaseline))] : []),
    ...(progress.lateDetails ? [line('', lateText(progress.lateDetails))] : []),
    ...(progress.watermarkAhead ? [line('', aheadText(progress.watermarkAhead))] : []),
  ]
}

/** When the last batch was committed, as far as its driver has logged that. */
function batchText({ time }: QueryProgress, { secondsSinceProgress }: StackStatus): string {
  if (time === undefined) return ', as the checkpoint says'
  const ago = secondsSinceProgress === undefined ? '' : `, ${count(secondsSinceProgress)} s ago`
  return `${ago} (${time})`
}

/** How fast the last batch was. */
function ratesText({
  inputRecords,
  inputRecordsPerSecond = 0,
  processedRecordsPerSecond = 0,
}: QueryProgress): string {
  const rate = (records: number) => `${Math.round(records).toLocaleString('en')} records/s`
  if (!inputRecords) return 'no records'
  return `${count(inputRecords)} records at ${rate(inputRecordsPerSecond)}, could process ${rate(processedRecordsPerSecond)}`
}

/** In real-time mode the query has read most of these records, but commits only once per interval. */
function unreadText(unread: number | undefined, query: SubmittedQuery | undefined): string {
  const label = query?.trigger === 'real-time' ? 'not yet committed' : 'unread'
  return `${label} ${unread === undefined ? 'unknown' : count(unread)}`
}

const count = (number: number): string => number.toLocaleString('en')

const withoutBaselineText = (updates: number): string =>
  `not in the baseline, held against the settings: ${count(updates)} updates`

function aheadText({ aheadMs, sample }: WatermarkAhead): string {
  const what = `the watermark is ${formatSeconds(aheadMs)} ahead of the clock, so samples of the present are late`
  if (!sample) return what
  const series = sample.series ? ` of ${shownName(sample.series)}` : ''
  return `${what}: because of the sample ${sample.time}${series} (partition ${sample.partition}, offset ${sample.offset})`
}
