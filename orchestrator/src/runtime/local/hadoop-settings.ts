import type { SparkConfig } from '../../config/config.ts'

const PREFIX = 'spark.hadoop.'

/** A command waits for an answer: what keeps a client from giving one is said after seconds, not after many attempts. */
const IMPATIENT = {
  'fs.s3a.attempts.maximum': '2',
  'fs.s3a.retry.limit': '2',
  'fs.s3a.retry.interval': '200ms',
  'fs.s3a.connection.establish.timeout': '5s',
  'ipc.client.connect.max.retries': '2',
  'ipc.client.connect.max.retries.on.timeouts': '1',
  'ipc.client.connect.timeout': '5000',
}

/** Hadoop's settings, secrets included, for a command that reads a checkpoint: the user's have precedence. */
export const hadoopSettings = ({ conf }: Pick<SparkConfig, 'conf'>): Record<string, string> => ({
  ...IMPATIENT,
  'fs.defaultFS': 'file:///',
  ...Object.fromEntries(
    Object.entries(conf)
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, value]) => [name.slice(PREFIX.length), value]),
  ),
})
