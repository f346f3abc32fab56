import type { RuntimeName } from '../config/config.ts'
import { dockerPlaces } from '../runtime/docker/docker-places.ts'
import { GivenBroker } from '../runtime/given-broker.ts'
import { KubernetesSpark } from '../runtime/kubernetes/kubernetes-spark.ts'
import { LocalBroker } from '../runtime/local/local-broker.ts'
import { LocalSpark } from '../runtime/local/local-spark.ts'
import type { BrokerPlace, Runtime, SparkPlace } from '../runtime/places.ts'
import type { RuntimeContext } from '../runtime/runtime.ts'
import { StandaloneSpark } from '../runtime/standalone/standalone-spark.ts'
import { YarnClientSpark } from '../runtime/yarn/client-spark.ts'
import { YarnClusterSpark } from '../runtime/yarn/cluster-spark.ts'

/**
 * Composes the two choices: where Kafka is (KAFKA_SERVERS), and where Spark is (RUNTIME, SPARK_MASTER).
 *
 * | Kafka | Spark: local              | docker                          | standalone, yarn, kubernetes     |
 * | ----- | ------------------------- | ------------------------------- | -------------------------------- |
 * | own   | a process of this machine | a container beside Spark's      | as local, if the cluster is here |
 * | given | no broker is started      | no broker is started            | no broker is started             |
 */
export function makeRuntime(name: RuntimeName, context: RuntimeContext): Runtime {
  const given = context.config.kafka.isGiven ? new GivenBroker(context) : undefined
  switch (name) {
    case 'local': {
      const broker = given ?? new LocalBroker(context)
      return runtimeOf(broker, new LocalSpark(context, broker.kafka))
    }
    case 'standalone': {
      const broker = given ?? new LocalBroker(context)
      return runtimeOf(broker, new StandaloneSpark(context, broker.kafka))
    }
    case 'yarn': {
      const broker = given ?? new LocalBroker(context)
      return runtimeOf(broker, new YarnClientSpark(context, broker.kafka))
    }
    case 'yarn-cluster': {
      const broker = given ?? new LocalBroker(context)
      return runtimeOf(broker, new YarnClusterSpark(context, broker.kafka))
    }
    case 'kubernetes': {
      const broker = given ?? new LocalBroker(context)
      return runtimeOf(broker, new KubernetesSpark(context, broker.kafka))
    }
    case 'docker': {
      const { broker, spark } = dockerPlaces(context, given)
      return runtimeOf(broker, spark)
    }
  }
}

/** Spark first: what fetches Kafka comes with it, and containers of one folder start together. */
function runtimeOf(broker: BrokerPlace, spark: SparkPlace): Runtime {
  return {
    name: spark.name,
    kafka: broker.kafka,
    get sparkUi() {
      return spark.sparkUi
    },
    get job() {
      return spark.job
    },
    checkpoint: spark.checkpoint,
    ...(spark.engine && { engine: spark.engine.bind(spark) }),
    preflight: async (signal) => {
      await spark.preflight(signal)
      await broker.preflight(signal)
    },
    start: async (output, signal) => {
      await spark.start(output, signal)
      await broker.start(output, signal)
    },
    clusterId: () => broker.clusterId(),
    parts: async () => (await Promise.all([broker.parts(), spark.parts()])).flat(),
    stop: async (signal) => [...(await spark.stop(signal)), ...(await broker.stop())],
    stopKafka: () => broker.stop(),
    removeVolumes: () => spark.removeVolumes(),
    startDriver: (submission, signal) => spark.startDriver(submission, signal),
    driver: () => spark.driver(),
    stopDriver: (timeoutMs, signal) => spark.stopDriver(timeoutMs, signal),
    logs: (part, options, signal) =>
      part === 'kafka' ? broker.log(options, signal) : spark.logs(part, options, signal),
    checks: () => spark.checks(),
  }
}
