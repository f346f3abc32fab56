import type { DriverLaunch } from '../local/driver-launch.ts'
import type { JobEnvironment, Submission } from '../runtime.ts'
import { hadoopVariables } from './hadoop-settings.ts'
import { clientEnvironment } from './job-environment.ts'
import { newTags, withTags } from './tags.ts'
import { YarnSpark } from './yarn-spark.ts'

/** The driver is a process of this machine, under the same supervisor as elsewhere; YARN runs the executors. */
export class YarnClientSpark extends YarnSpark {
  readonly name = 'yarn'

  get job(): JobEnvironment {
    return clientEnvironment(this.context, this.kafka, this.driverHere)
  }

  override async startDriver(submission: Submission, signal: AbortSignal): Promise<void> {
    await this.requireCluster(signal)
    await super.startDriver(withTags(submission, await newTags(this.context.storage.root)), signal)
  }

  /** Executors reach the driver at the name that the user gives, or else at the address that YARN sees. */
  protected override async jobLaunch(signal: AbortSignal): Promise<DriverLaunch> {
    const { env, ...launch } = await super.jobLaunch(signal)
    const isNamed = this.context.config.spark.conf['spark.driver.host'] !== undefined
    const host = isNamed ? undefined : await (await this.manager()).addressTowards(signal)
    return {
      ...launch,
      env: {
        ...env,
        ...hadoopVariables(this.context.env),
        ...(host && { SPARK_LOCAL_HOSTNAME: host }),
      },
    }
  }
}
