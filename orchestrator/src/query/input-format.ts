import type { Config } from '../config/config.ts'
import { configWith } from '../config/load.ts'
import { CliError } from '../errors.ts'
import { surveyRecords } from '../formats/survey.ts'
import { chooseFormat, surveyLine } from '../formats/words.ts'
import { readSome } from '../kafka/read-range.ts'
import type { TopicRecord } from '../kafka/topic-reader.ts'
import type { Runtime } from '../runtime/places.ts'
import { readManifest, withBegunFormat } from './manifest.ts'

const RECORDS = 200

/** Records of the input topic to look at; none if it is not there. */
export async function someInput(
  { kafka }: Runtime,
  { topics }: Config,
  signal: AbortSignal,
): Promise<readonly TopicRecord[]> {
  try {
    return await readSome(kafka, topics.input, RECORDS, signal)
  } catch (error) {
    if (error instanceof CliError && error.code === 'NO_SUCH_TOPIC') return []
    throw error
  }
}

/**
 * The settings with a format in the place of INPUT_FORMAT=auto: that of the checkpoint, if it is continued, else the one
 * that real records have. Says in one line what it found.
 * @throws CliError CONFIGURATION when they have no common format; KAFKA_UNREACHABLE when there is no broker to ask.
 */
export async function withFormat(
  config: Config,
  runtime: Runtime,
  isNewCheckpoint: boolean,
  note: (line: string) => void,
  signal: AbortSignal,
): Promise<Config> {
  if (config.input.format !== 'auto') return config
  // Without a broker of this folder, another folder's may answer at its address.
  if ((await runtime.clusterId().catch(() => undefined)) === undefined)
    throw new CliError('KAFKA_UNREACHABLE', 'INPUT_FORMAT=auto needs real records, and no broker answers', {
      hint: 'Start it with `cpu-anomaly up`, or set INPUT_FORMAT.',
    })
  const begun = isNewCheckpoint ? config : withBegunFormat(config, await readManifest(runtime.checkpoint))
  if (begun.input.format !== 'auto') {
    note(`Format: ${begun.input.format} (INPUT_FORMAT=auto: the format of this checkpoint)`)
    return begun
  }
  const { format, line } = await findFormat(config, runtime, signal)
  note(`Format: ${line}`)
  return configWith(config, { INPUT_FORMAT: format }, 'submit')
}

async function findFormat(config: Config, runtime: Runtime, signal: AbortSignal) {
  const { input } = config.topics
  const records = await someInput(runtime, config, signal)
  const survey = surveyRecords(records)
  const choice = chooseFormat(survey)
  if ('format' in choice) return { format: choice.format, line: surveyLine(survey) }
  throw refused(input, choice.what, choice.hint)
}

const refused = (topic: string, what: string, hint: string): CliError =>
  new CliError('CONFIGURATION', `INPUT_FORMAT=auto finds no format in ${topic}: ${what}`, {
    hint: hint || 'Set INPUT_FORMAT to the format of the records that will come.',
  })
