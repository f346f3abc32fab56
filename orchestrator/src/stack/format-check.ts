import { CliError } from '../errors.ts'
import { judgeRecords } from '../formats/verdict.ts'
import { someInput } from '../query/input-format.ts'
import type { Selected } from '../runtime/places.ts'

/** Looks at real records of the input topic: what they are, and whether the settings fit them. */
export async function checkFormat(
  { runtime, config }: Omit<Selected, 'why' | 'storage'>,
  signal: AbortSignal,
): Promise<string> {
  const { input } = config.topics
  const records = await someInput(runtime, config, signal)
  if (records.length === 0) return `${input} has no records yet`
  const { fits, line, advice } = judgeRecords(records, config.input)
  if (fits) return `${input}: ${line}`
  throw new CliError('CHECK_FAILED', `${input}: ${line}`, { hint: advice.join('\n') })
}
