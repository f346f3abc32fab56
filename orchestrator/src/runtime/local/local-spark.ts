import type { JobEnvironment, PartStatus } from '../runtime.ts'
import { localJobEnvironment } from './job-environment.ts'
import { SparkHere } from './spark-here.ts'

/** Spark as a process of this machine: a driver that runs its own tasks (`local[N]`). */
export class LocalSpark extends SparkHere {
  readonly name = 'local'

  /** Only what starts a job needs the cache: whatever is wrong with its folder, a stack can be stopped. */
  get job(): JobEnvironment {
    return localJobEnvironment(this.context, this.kafka, this.driverHere)
  }

  /** Master and executors are threads of the driver. */
  async parts(): Promise<PartStatus[]> {
    return []
  }
}
