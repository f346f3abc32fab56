import { type Config, isGivenSpark, isYarn } from '../config/config.ts'
import { configWith } from '../config/load.ts'
import { textOf } from '../config/text-of.ts'
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

/** A setting that the stack or the job uses with another value than it has now. */
export interface Difference {
  readonly key: string
  /** The value in force. */
  readonly value: string
  readonly secret: boolean
  /** The command that brought it into force. */
  readonly by: 'up' | 'submit'
  /** It was a flag of that command, so it is meant to differ. */
  readonly isMeant: boolean
  /** One line for the user. */
  readonly text: string
}

/**
 * Where the settings differ from those that the running stack was started with. `up` keeps only the flags of the last
 * `up`, and brings the rest into force.
 */
export function stackDifferences(
  config: Config,
  record: StackRecord | undefined,
  applies?: Applies,
): Difference[] {
  const changes = changesSinceUp(config, record)
  const runtime = applies === 'stack' || applies === 'job' ? [] : runtimeDifference(config, record)
  const lasting = changes.filter(isLastingFlag)
  const edited = applies === 'stack' ? [] : changes.filter((change) => !isLastingFlag(change))
  return [
    ...runtime,
    ...lasting.map((change) => ofStack(change, true, lastingText(change))),
    ...edited.map((change) => ofStack(change, false, editedText(change))),
  ]
}

/** Another RUNTIME than the one that the stack is up on; `up` and `submit` refuse it. */
function runtimeDifference(config: Config, record: StackRecord | undefined): Difference[] {
  const { runtime } = config
  if (!record?.up || runtime === 'auto' || runtime === record.runtime) return []
  const text = `${runtimeSetting(config)} is not in force: this stack is up on the ${record.runtime} runtime; \`cpu-anomaly down\` and \`up\` bring it into force`
  return [{ key: 'RUNTIME', value: record.runtime, secret: false, by: 'up', isMeant: false, text }]
}

/** The setting that chooses where Spark is. */
export function runtimeSetting(config: Config): string {
  const { runtime, spark } = config
  const mode = isYarn(runtime) ? `, SPARK_DEPLOY_MODE=${spark.deployMode}` : ''
  if (isGivenSpark(runtime)) return `SPARK_MASTER=${spark.master}${mode}`
  const isChosen = textOf(config, 'RUNTIME').toLowerCase() === runtime
  return isChosen ? `RUNTIME=${runtime}` : `CHECKPOINT_LOCATION=${spark.checkpoint}`
}

const ofStack = ({ now, started }: SettingChange, isMeant: boolean, text: string): Difference => ({
  key: now.key,
  value: started.value,
  secret: now.secret,
  by: 'up',
  isMeant,
  text: escapeControls(text),
})

const lastingText = ({ now, started }: SettingChange): string =>
  `${named(now, started.value)}, as \`up\` was told, until \`cpu-anomaly down\``

const editedText = ({ now, started }: SettingChange): string =>
  `${named(now, now.value)} is not in force: this stack was started with ${now.secret ? 'another value' : started.value || 'none'}; \`cpu-anomaly up\` brings it into force`

const named = ({ key, secret }: SettingChange['now'], value: string): string =>
  secret ? key : `${key}=${value}`

/** The stack is up in another storage folder, so nothing of it is known in the one that STORAGE_DIR names now. */
export const storageDifference = ({ storageDir }: Config, other: string): Difference => ({
  key: 'STORAGE_DIR',
  value: other,
  secret: false,
  by: 'up',
  isMeant: false,
  text: escapeControls(`STORAGE_DIR=${storageDir} is not in force: this folder's stack is up in ${other}`),
})

/**
 * Where the settings differ from those that the last submit brought into force: those of the detector, by which the
 * results were computed, and while the job is active all others.
 */
export function jobDifferences(
  config: Config,
  query: SubmittedQuery | undefined,
  isJobActive: boolean,
  applies?: Applies,
): Difference[] {
  const isChosen = config.resolved.some(({ key, origin }) => key === applies && origin === 'flag')
  return changesSinceSubmit(config, query)
    .filter(({ key, isDetectors }) => (isJobActive || isDetectors) && !(isChosen && key === applies))
    .map((change) => ({
      key: change.key,
      value: change.submitted,
      secret: false, // of the job's settings none is
      by: 'submit',
      isMeant: change.isFlag || change.isFound,
      text: escapeControls(jobText(change, isJobActive)),
    }))
}

function jobText(change: JobChange, isJobActive: boolean): string {
  const { key, now, submitted, isFlag, isFound, isFixed } = change
  if (isFound) return `${key}=${submitted}, as \`submit\` found it`
  if (isFlag) return `${key}=${submitted}, as \`submit\` was told`
  const submit = isFixed ? 'submit --new-checkpoint' : 'submit'
  const way = isJobActive
    ? `\`cpu-anomaly stop\` and \`${submit}\` bring`
    : `${isFixed ? '' : 'the next '}\`cpu-anomaly ${submit}\` brings`
  return `${key}=${now} is not in force: the job was submitted with ${submitted || 'none'}; ${way} it into force`
}

/** The settings with the values in force. */
export const withDifferences = (config: Config, differences: readonly Difference[]): Config =>
  differences.reduce((changed, { key, value, by }) => configWith(changed, { [key]: value }, by), config)

/** What differs, one line each: a warning, unless it is meant. */
export function sayDifferences(differences: readonly Difference[], say: Say): void {
  for (const { isMeant, text } of differences) (isMeant ? say.note : say.warn)(text)
}
