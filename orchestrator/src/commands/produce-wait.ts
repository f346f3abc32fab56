import type { CommandContext } from '../cli/command.ts'
import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { readSince, topicEnds } from '../kafka/read-range.ts'
import { deadLettersOf, isNothingCounted, type Outcome, outcomeOf, outcomeText } from '../produce/outcome.ts'
import type { ProduceResult } from '../produce/produce-samples.ts'
import { awaitAccounted } from '../query/await-accounted.ts'
import { readLedger } from '../query/checkpoint-log.ts'
import type { Selected } from '../runtime/places.ts'
import type { Output } from '../terminal/output.ts'

/** What the job had accounted for before the samples were sent. */
interface Accounts {
  readonly ledger: Awaited<ReturnType<typeof readLedger>>
  readonly deadLetters: Awaited<ReturnType<typeof topicEnds>>
}

export async function openAccounts({ runtime, config }: Selected, signal: AbortSignal): Promise<Accounts> {
  const deadLetters = await topicEnds(runtime.kafka, config.topics.deadLetter, signal)
  return { ledger: await readLedger(runtime.checkpoint), deadLetters }
}

/** Waits until the job has accounted for everything that was sent. */
export function settle(
  { output, signal }: CommandContext,
  { runtime, config }: Selected,
  { samples, ranges }: ProduceResult,
  before: Accounts,
): Promise<Outcome> {
  const { input, deadLetter } = config.topics
  return output.step('The job accounts for the samples', async (step) => {
    const seen = await awaitAccounted(runtime, input, ranges, { signal, update: step.update })
    const letters = await readSince(runtime.kafka, deadLetter, before.deadLetters, signal)
    return outcomeOf(
      samples,
      seen.skipped,
      seen.before ?? before.ledger,
      seen.after,
      deadLettersOf(letters, input, ranges),
    )
  })
}

/** @throws CliError NOTHING_COUNTED when the job has counted none of the samples. */
export function reportOutcome(
  output: Output,
  { topics, query }: Config,
  outcome: Outcome,
  asJson: boolean | undefined,
): void {
  const { skipped, counted, late, deadLetters, others } = outcome
  if (asJson) output.json({ skipped, counted, late, dead_letters: deadLetters, others })
  else output.result(outcomeText(outcome))
  if (!isNothingCounted(outcome)) return
  throw new CliError('NOTHING_COUNTED', `the job has counted none of the samples: ${outcomeText(outcome)}`, {
    hint:
      skipped > 0
        ? `The job began to read behind them (STARTING_OFFSETS=${query.startingOffsets}): send them again.`
        : `\`cpu-anomaly tail ${topics.deadLetter} --from -10\` shows the last dead letters.`,
  })
}
