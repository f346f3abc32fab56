import { isGivenSpark, RUNTIMES } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { submittedFile } from '../query/submitted.ts'
import type { Selected } from '../runtime/places.ts'
import type { StoppedPart } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'
import { removeData } from './data.ts'
import { releaseRuntime } from './select.ts'
import { stopJob, stopJobAtOnce } from './stop-job.ts'

interface Outcome {
  readonly stopped: StoppedPart[]
  readonly removed: readonly string[]
  readonly notRemoved: readonly string[]
}

/**
 * Stops job, Spark and an own Kafka, in this order, and forgets which runtime was chosen.
 * @throws CliError of a cluster that is not this folder's and does not answer or refuses: nothing runs here any more even so.
 */
export async function takeDown(
  selected: Selected,
  volumes: boolean,
  output: Output,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    return await takeAllDown(selected, volumes, output, signal)
  } catch (error) {
    const isOfCluster = error instanceof CliError && isGivenSpark(selected.runtime.name)
    throw isOfCluster && !signal.aborted ? await withoutCluster(selected, error) : error
  }
}

/** Ends what runs on this machine, after the cluster has failed to end the job. */
async function withoutCluster({ runtime, storage }: Selected, error: CliError): Promise<CliError> {
  const parts = await runtime.stopKafka()
  return new CliError(error.code, `what runs on your cluster could not be ended: ${error.message}`, {
    details: [...error.details, ...parts.map(stoppedText)],
    hint: [
      ...(error.hint ? [error.hint] : []),
      `Then run \`cpu-anomaly down\` again. If the cluster is gone for good, remove ${storage.run}: this folder then forgets it.`,
    ].join('\n'),
    cause: error,
  })
}

/** What `down` says of a part that it has stopped. */
export const stoppedText = ({ part, gone }: StoppedPart): string =>
  `stopped  ${part}: ${gone.join(', ')} gone`

async function takeAllDown(
  selected: Selected,
  volumes: boolean,
  output: Output,
  signal: AbortSignal,
): Promise<Outcome> {
  const { runtime } = selected
  const job = await (volumes ? stopJobAtOnce : stopJob)(selected, output, signal)
  const [what, are, were] = runtime.kafka.isOwn
    ? (['Kafka and Spark', 'are', 'were'] as const)
    : (['Spark', 'is', 'was'] as const)
  const parts = await output.step(what, async (step) => {
    step.update('stopping')
    const gone = await runtime.stop(signal)
    step.done(gone.length > 0 ? `${what} ${are} down` : `${what} ${were} not running`)
    return gone
  })
  const { removed, notRemoved } = volumes ? await removeData(selected) : { removed: [], notRemoved: [] }
  const isAllRemoved = volumes && notRemoved.length === 0
  // What the logs say of those queries is over.
  for (const name of isAllRemoved ? RUNTIMES : volumes ? [runtime.name] : [])
    await submittedFile(selected.storage, name).remove()
  await releaseRuntime(selected, isAllRemoved)
  const stopped: StoppedPart[] = [
    ...(job === 'not-running' ? [] : [{ part: 'job', gone: ['driver', 'supervisor'] }]),
    ...parts,
  ]
  return { stopped, removed, notRemoved }
}
