import type { BrokerPlace, SparkPlace } from '../places.ts'
import type { RuntimeContext } from '../runtime.ts'
import { ComposeBroker } from './compose-broker.ts'
import { DockerSpark } from './docker-spark.ts'
import { dockerJobEnvironment } from './job-environment.ts'
import { Stack } from './stack/stack.ts'

/** Spark in containers, with a broker in one of them unless one is given. */
export function dockerPlaces(
  context: RuntimeContext,
  given: BrokerPlace | undefined,
): { readonly broker: BrokerPlace; readonly spark: SparkPlace } {
  const stack = new Stack(context)
  const job = dockerJobEnvironment(context.config, given?.kafka)
  return { broker: given ?? new ComposeBroker(stack), spark: new DockerSpark(stack, job) }
}
