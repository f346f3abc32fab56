import { isRemoteCheckpoint } from '../../config/checkpoint-location.ts'
import { CliError } from '../../errors.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import type { Output } from '../../terminal/output.ts'
import { SparkHere } from '../local/spark-here.ts'
import type { DoctorCheck, PartStatus, RuntimeContext } from '../runtime.ts'
import { yarnChecks } from './checks.ts'
import { yarnParts } from './parts.ts'
import { ResourceManager } from './resource-manager.ts'

/** Spark on a YARN cluster that is already there (SPARK_MASTER=yarn, HADOOP_CONF_DIR), wherever the driver is. */
export abstract class YarnSpark extends SparkHere {
  abstract override readonly name: 'yarn' | 'yarn-cluster'
  #manager: Promise<ResourceManager> | undefined

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    const { checkpoint } = context.config.spark
    const isFolder = checkpoint !== undefined && !isRemoteCheckpoint(checkpoint)
    super(isFolder ? { ...context, storage: { ...context.storage, checkpoint } } : context, kafka)
  }

  /** What only a job needs is asked when there is one: a stack can be stopped without it. */
  protected manager(): Promise<ResourceManager> {
    this.#manager ??= ResourceManager.of(this.context.env)
    return this.#manager
  }

  override async preflight(signal: AbortSignal): Promise<void> {
    await super.preflight(signal)
    await this.requireCluster(signal)
  }

  /** @throws CliError CONFIGURATION when YARN cannot reach a broker of this machine; CLUSTER_UNREACHABLE. */
  protected async requireCluster(signal: AbortSignal): Promise<void> {
    const manager = await this.manager()
    if (this.kafka.isOwn && !manager.isHere)
      throw new CliError(
        'CONFIGURATION',
        `SPARK_MASTER=yarn: the nodes of ${manager.addresses.join(', ')} cannot reach this stack's own broker, which listens on 127.0.0.1 only`,
        { hint: 'Set KAFKA_SERVERS to brokers that the nodes reach.' },
      )
    await manager.addressTowards(signal)
  }

  override async start(output: Output, signal: AbortSignal): Promise<void> {
    await super.start(output, signal)
    const { conf } = this.context.config.spark
    if (conf['spark.yarn.archive'] === undefined && conf['spark.yarn.jars'] === undefined)
      output.note(
        'Each start of a driver sends 460 MB of jars to YARN. To avoid that, put them into HDFS once and set SPARK_CONF_spark.yarn.archive: see docs/clusters.md.',
      )
  }

  parts(): Promise<PartStatus[]> {
    return yarnParts(() => this.manager())
  }

  override checks(): DoctorCheck[] {
    const { conf } = this.context.config.spark
    return [...super.checks(), ...yarnChecks(() => this.manager(), conf['spark.yarn.queue'] ?? 'default')]
  }
}
