import { z } from 'zod'
import type { Config, RuntimeName } from '../config/config.ts'
import { SETTINGS, type SettingKey } from '../config/settings.ts'
import type { StoragePaths } from '../storage/paths.ts'
import { replaceFile, type StateFile, stateFile, type Undo } from '../system/state-file.ts'
import { submittedFile } from './submitted.ts'

/** With another value of one of these, a window has another key, or is of other samples. */
const FIXED = [
  ...(['WINDOW_DURATION', 'GROUP_BY', 'INPUT_TOPIC', 'INPUT_FORMAT'] as const),
  ...(['INPUT_TIME', 'INPUT_TIME_UNIT', 'INPUT_CPU', 'INPUT_SERIES'] as const),
] as const

/** These keep samples out of windows: the larger the number, the more samples get in. */
const REACH = {
  WATERMARK_DELAY: SETTINGS.WATERMARK_DELAY.parse,
  MAX_FUTURE_SKEW: SETTINGS.MAX_FUTURE_SKEW.parse,
  CPU_MIN: (text: string) => -(SETTINGS.CPU_MIN.parse(text) ?? Number.NEGATIVE_INFINITY),
  CPU_MAX: (text: string) => SETTINGS.CPU_MAX.parse(text) ?? Number.POSITIVE_INFINITY,
}

type FixedKey = (typeof FIXED)[number]
type ReachKey = keyof typeof REACH
const REACH_KEYS = Object.keys(REACH) as ReachKey[]

/** The settings that decide which samples are in which window, as text; one that is not known is missing. */
export type ResultSettings = Readonly<Partial<Record<SettingKey, string>>>

export function resultSettings({ resolved }: Config): ResultSettings {
  const keys: readonly string[] = [...FIXED, ...REACH_KEYS]
  return Object.fromEntries(
    resolved.filter(({ key }) => keys.includes(key)).map(({ key, value }) => [key, value]),
  )
}

/** By cluster id and topic. */
type RememberedResults = Readonly<Record<string, Readonly<Record<string, ResultSettings>>>>

/** Whose results: a folder has another cluster on each runtime, and after `down --volumes`. */
export interface ResultTopic {
  readonly storage: StoragePaths
  readonly runtime: RuntimeName
  readonly clusterId: string
  readonly topic: string
}

const resultsFile = ({ root }: StoragePaths): StateFile<RememberedResults> =>
  stateFile<RememberedResults>(`${root}/results.json`, resultsSchema, RESULTS_HINT)

/** By cluster id, topic and setting. */
const resultsSchema = z.record(z.string(), z.record(z.string(), z.record(z.string(), z.string())))

const RESULTS_HINT =
  'It records what the results of each topic were made with. Remove it if you submit with the same settings as before, or with another OUTPUT_TOPIC.'

/** What the results of all checkpoints were made with that wrote to this topic; nothing if none is remembered. */
export async function rememberedSettings({
  storage,
  runtime,
  clusterId,
  topic,
}: ResultTopic): Promise<ResultSettings> {
  const remembered = (await resultsFile(storage).read())?.[clusterId]?.[topic]
  if (remembered) return remembered
  // Earlier versions recorded only the last submit.
  const { settings } = (await submittedFile(storage, runtime).read()) ?? {}
  return settings?.OUTPUT_TOPIC === topic ? settings : {}
}

/** Checkpoints come and go, and the results of all of them stay: so this is not in the checkpoint. Returns what undoes it. */
export async function rememberSettings(
  { storage, clusterId, topic }: Omit<ResultTopic, 'runtime'>,
  settings: ResultSettings,
): Promise<Undo> {
  const file = resultsFile(storage)
  const all = (await file.read()) ?? {}
  return replaceFile(file, { ...all, [clusterId]: { ...all[clusterId], [topic]: settings } })
}

/** A setting with which a new reading of the input would not replace every earlier result. */
export interface ResultChange {
  readonly key: FixedKey | ReachKey
  readonly before: string
  readonly now: string
}

/** `rereads`: the input is read again from its beginning, not only from now on. */
export function unreplacedBy(now: ResultSettings, before: ResultSettings, rereads: boolean): ResultChange[] {
  const fixed = FIXED.filter((key) => isKnown(key, before, now) && value(key, before) !== value(key, now))
  const narrower = REACH_KEYS.filter(
    (key) => rereads && isKnown(key, before, now) && isWider(key, before, now),
  )
  return [...fixed, ...narrower].map((key) => ({ key, before: shown(before[key]), now: shown(now[key]) }))
}

/** What the results of both are made with: of each limit, the one that lets in more samples. */
export function widest(before: ResultSettings, now: ResultSettings): ResultSettings {
  const kept = REACH_KEYS.filter((key) => isKnown(key, before, now) && isWider(key, before, now))
  return { ...now, ...Object.fromEntries(kept.map((key) => [key, before[key]])) }
}

const isKnown = (key: SettingKey, ...all: readonly ResultSettings[]): boolean =>
  all.every((settings) => settings[key] !== undefined)

const value = (key: FixedKey, settings: ResultSettings): unknown => SETTINGS[key].parse(settings[key] ?? '')

const isWider = (key: ReachKey, a: ResultSettings, b: ResultSettings): boolean =>
  REACH[key](a[key] ?? '') > REACH[key](b[key] ?? '')

const shown = (text: string | undefined): string => text || 'none'
