import { isRemoteCheckpoint } from '../../config/checkpoint-location.ts'
import type { KafkaAccess } from '../../kafka/access.ts'
import type { DriverFolders, DriverLaunch } from '../local/driver-launch.ts'
import { SparkHere } from '../local/spark-here.ts'
import type { DoctorCheck, JobEnvironment, PartStatus, RuntimeContext } from '../runtime.ts'
import { standaloneJobEnvironment } from './job-environment.ts'
import { addressTowards } from './master.ts'
import { clusterParts } from './parts.ts'

/** A standalone cluster that is already there (SPARK_MASTER=spark://...), with the driver as a process of this machine. */
export class StandaloneSpark extends SparkHere {
  readonly name = 'standalone'
  readonly #master: string

  constructor(context: RuntimeContext, kafka: KafkaAccess) {
    const { checkpoint, master = '' } = context.config.spark
    const isFolder = checkpoint !== undefined && !isRemoteCheckpoint(checkpoint)
    super(isFolder ? { ...context, storage: { ...context.storage, checkpoint } } : context, kafka)
    this.#master = master
  }

  get job(): JobEnvironment {
    return standaloneJobEnvironment(this.context, this.kafka, this.driverHere)
  }

  override async preflight(signal: AbortSignal): Promise<void> {
    await super.preflight(signal)
    await addressTowards(this.#master, signal)
  }

  parts(): Promise<PartStatus[]> {
    return clusterParts(this.#master, this.context.config.ports.sparkMasterUi)
  }

  override checks(): DoctorCheck[] {
    return [
      ...super.checks(),
      {
        title: 'Spark master',
        run: async (signal) => `${this.#master}, reached from ${await addressTowards(this.#master, signal)}`,
      },
      {
        title: 'Spark cluster',
        run: async () => (await this.parts()).map(partText).join(', '),
      },
    ]
  }

  /** Executors reach the driver at the name that the user gives, or else at the address that the master sees. */
  override async driverLaunch(folders: DriverFolders, signal: AbortSignal): Promise<DriverLaunch> {
    const launch = await super.driverLaunch(folders, signal)
    if (this.context.config.spark.conf['spark.driver.host'] !== undefined) return launch
    const host = await addressTowards(this.#master, signal)
    return { ...launch, env: { ...launch.env, SPARK_LOCAL_HOSTNAME: host } }
  }
}

const partText = ({ part, state, detail }: PartStatus): string =>
  `${part} ${state}${detail ? ` (${detail})` : ''}`
