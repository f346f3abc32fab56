import { RUNTIMES } from '../config/config.ts'
import { submittedFile } from '../query/submitted.ts'
import type { Selected } from '../runtime/places.ts'
import type { StoppedPart } from '../runtime/runtime.ts'
import type { Output } from '../terminal/output.ts'
import { removeData } from './data.ts'
import { releaseRuntime } from './select.ts'
import { stopJob, stopJobAtOnce } from './stop-job.ts'

/** Stops job, Spark and an own Kafka, in this order, and forgets which runtime was chosen. */
export async function takeDown(selected: Selected, volumes: boolean, output: Output, signal: AbortSignal) {
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
