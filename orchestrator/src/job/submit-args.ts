import type { Config, SparkConfig } from '../config/config.ts'
import type { JobPlace } from '../runtime/runtime.ts'
import { APP_NAME } from './settings.ts'

const JAVA_OPTIONS = 'spark.driver.extraJavaOptions'

/** What spark-submit gets before the job's path. No secrets: every user of the machine can read arguments. */
export function submitArgs({ spark }: Config, place: JobPlace): string[] {
  const conf = Object.entries(sparkConf(spark, place)).flatMap(([name, value]) => [
    '--conf',
    `${name}=${value}`,
  ])
  const main = ['--master', place.master, '--name', APP_NAME, '--driver-memory', spark.driverMemory]
  const jars = place.connectorJars.length > 0 ? ['--jars', place.connectorJars.join(',')] : []
  return [...main, ...jars, ...conf]
}

/** The user's properties first: what this tool relies on goes over them, except for the JVM's options, which add up. */
function sparkConf(spark: SparkConfig, place: JobPlace): Record<string, string> {
  const javaOptions = [spark.conf[JAVA_OPTIONS], place.sparkConf[JAVA_OPTIONS]].filter(Boolean).join(' ')
  return {
    ...spark.conf,
    'spark.sql.shuffle.partitions': String(spark.shufflePartitions),
    'spark.ui.killEnabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    ...place.sparkConf,
    ...(javaOptions && { [JAVA_OPTIONS]: javaOptions }),
  }
}
