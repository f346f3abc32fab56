import type { Config } from '../config/config.ts'
import { configWith } from '../config/load.ts'
import { changesSinceSubmit, type JobChange, type SubmittedQuery } from '../query/submitted.ts'
import { escapeControls } from '../terminal/text.ts'
import { changesSinceUp, isLastingFlag, type SettingChange, type StackRecord } from './record.ts'

/** What a command says about settings that are not what it uses. */
export interface Say {
  readonly note: (line: string) => void
  readonly warn: (line: string) => void
}

/**
 * What a command brings into force: `up` the stack's settings, `submit` the job's. The others use what is in force, except
 * for the topic that a flag of theirs names: `tail` reads it, and `produce` sends to it.
 */
export type Applies = 'stack' | 'job' | 'OUTPUT_TOPIC' | 'INPUT_TOPIC' | undefined

/**
 * The settings with which this command reaches the stack: those that it was started with. What differs is said. `up` keeps
 * only the flags of the last `up`, and brings the rest into force.
 */
export function stackInForce(
  config: Config,
  record: StackRecord | undefined,
  applies: Applies,
  say: Say,
): Config {
  const changes = changesSinceUp(config, record)
  const lasting = changes.filter(isLastingFlag)
  for (const change of lasting) say.note(escapeControls(lastingText(change)))
  const edited = applies === 'stack' ? [] : changes.filter((change) => !isLastingFlag(change))
  for (const change of edited) say.warn(escapeControls(editedText(change)))
  return usingStarted(config, [...lasting, ...edited])
}

const usingStarted = (config: Config, changes: readonly SettingChange[]): Config =>
  changes.length === 0
    ? config
    : configWith(
        config,
        Object.fromEntries(changes.map(({ now, started }) => [now.key, started.value])),
        'up',
      )

const lastingText = ({ now, started }: SettingChange): string =>
  `${named(now, started.value)}, as \`up\` was told, until \`cpu-anomaly down\``

const editedText = ({ now, started }: SettingChange): string =>
  `${named(now, now.value)} is not in force: this stack was started with ${now.secret ? 'another value' : started.value || 'none'}; \`cpu-anomaly up\` brings it into force`

const named = ({ key, secret }: SettingChange['now'], value: string): string =>
  secret ? key : `${key}=${value}`

/**
 * The settings that the last submit brought into force: those of the detector, by which the results were computed, and
 * while the job is active all others. What differs is said.
 */
export function jobInForce(
  config: Config,
  query: SubmittedQuery | undefined,
  { isJobActive, applies }: { readonly isJobActive: boolean; readonly applies?: Applies },
  say: Say,
): Config {
  const isChosen = config.resolved.some(({ key, origin }) => key === applies && origin === 'flag')
  const changes = changesSinceSubmit(config, query).filter(
    ({ key, isDetectors }) => (isJobActive || isDetectors) && !(isChosen && key === applies),
  )
  if (changes.length === 0) return config
  for (const change of changes)
    if (change.isFlag) say.note(escapeControls(`${change.key}=${change.submitted}, as \`submit\` was told`))
    else say.warn(escapeControls(jobText(change, isJobActive)))
  return configWith(
    config,
    Object.fromEntries(changes.map(({ key, submitted }) => [key, submitted])),
    'submit',
  )
}

const jobText = ({ key, now, submitted }: JobChange, isJobActive: boolean): string =>
  `${key}=${now} is not in force: the job was submitted with ${submitted || 'none'}; ${isJobActive ? '`cpu-anomaly stop` and `submit` bring' : 'the next `cpu-anomaly submit` brings'} it into force`
