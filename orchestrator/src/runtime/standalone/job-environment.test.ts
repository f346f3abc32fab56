import { describe, expect, it } from 'vitest'
import { load } from '../../config/load.fixture.ts'
import { submitArgs } from '../../job/submit-args.ts'
import { storagePaths } from '../../storage/paths.ts'
import { GivenBroker } from '../given-broker.ts'
import { StandaloneSpark } from './standalone-spark.ts'

const REMOTE = 'SPARK_MASTER=spark://m:7077\nKAFKA_SERVERS=h:1\nCHECKPOINT_LOCATION=file:///shared/cp\n'
const SECRET = 'SPARK_CONF_spark.authenticate=true\nSPARK_CONF_spark.authenticate.secret=canary\n'

async function sparkFrom(env: string) {
  const { config } = await load({ env })
  const context = { config, storage: storagePaths('/storage'), env: {} }
  return { config, spark: new StandaloneSpark(context, new GivenBroker(context).kafka) }
}

describe('a job on a standalone cluster', () => {
  it('takes no more than its cores, keeps its checkpoint on the shared disk, and hands executors the connector', async () => {
    const { config, spark } = await sparkFrom(`${REMOTE}SPARK_CORES=3\nSPARK_WORKER_MEMORY=2g\n`)
    expect(spark.checkpoint.location).toBe('/shared/cp')
    expect(spark.job).toMatchObject({
      master: 'spark://m:7077',
      slots: 3,
      checkpoint: '/shared/cp',
      connectorJars: expect.arrayContaining([expect.stringContaining('spark-sql-kafka')]),
      sparkConf: { 'spark.cores.max': '3', 'spark.executor.memory': '2g' },
    })
    expect(submitArgs(config, spark.job).join(' ')).toMatch(
      /--master spark:\/\/m:7077 .*--jars \S*spark-sql-kafka/,
    )
  })

  it('lets executors of other machines reach the driver, and those of this one only by loopback', async () => {
    const remote = await sparkFrom(REMOTE)
    const here = await sparkFrom('SPARK_MASTER=spark://127.0.0.1:7077\n')
    const option = 'spark.driver.extraJavaOptions'
    expect(remote.spark.job.sparkConf[option]).not.toContain('bootstrap.extensions')
    expect(here.spark.job.sparkConf[option]).toContain('bootstrap.extensions')
  })

  it("keeps the cluster's secret out of the arguments, and encrypts what goes over the network", async () => {
    const { config, spark } = await sparkFrom(`${REMOTE}${SECRET}`)
    const args = submitArgs(config, spark.job)
    expect(args.join(' ')).not.toContain('canary')
    expect(args).toEqual(
      expect.arrayContaining(['--properties-file', '/storage/run/spark-secrets.properties']),
    )
    expect(args).toEqual(
      expect.arrayContaining(['spark.authenticate=true', 'spark.network.crypto.enabled=true']),
    )
  })

  it('names no file of secrets without any', async () => {
    const { config, spark } = await sparkFrom(REMOTE)
    expect(submitArgs(config, spark.job)).not.toContain('--properties-file')
  })
})
