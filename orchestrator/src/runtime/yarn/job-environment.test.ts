import { describe, expect, it } from 'vitest'
import { configWith } from '../../config/load.fixture.ts'
import { storagePaths } from '../../storage/paths.ts'
import { ownBrokerAccess } from '../own-broker.ts'
import { clientEnvironment, clusterEnvironment } from './job-environment.ts'

const FILES = { secretsFile: '/run/kafka-secrets.json', propertiesFile: '/run/spark-secrets.properties' }
const YARN = ['SPARK_MASTER=yarn', 'CHECKPOINT_LOCATION=file:///cp', 'SPARK_CORES=6']

async function environmentOf(make: typeof clientEnvironment, set: readonly string[] = []) {
  const config = await configWith([...YARN, ...set])
  const kafka = ownBrokerAccess(config.kafka, '127.0.0.1:9093')
  return make({ config, storage: storagePaths('/storage'), env: {} }, kafka, FILES)
}

describe('the environment of a job on YARN', () => {
  it('has SPARK_CORES in all, and encrypts what executors get', async () => {
    const environment = await environmentOf(clientEnvironment)
    expect(environment).toMatchObject({ master: 'yarn', slots: 6, checkpoint: 'file:///cp' })
    expect(environment.sparkConf).toMatchObject({
      'spark.executor.instances': '2',
      'spark.executor.cores': '3',
      'spark.authenticate': 'true',
      'spark.network.crypto.enabled': 'true',
    })
    expect(environment.submitOptions).toBeUndefined()
  })

  it("leaves to the user what is the user's", async () => {
    const { sparkConf } = await environmentOf(clientEnvironment, [
      'SPARK_CONF_spark.executor.cores=1',
      'SPARK_CONF_spark.authenticate=false',
    ])
    expect(sparkConf['spark.executor.instances']).toBe('6')
    for (const name of ['spark.executor.cores', 'spark.authenticate', 'spark.network.crypto.enabled'])
      expect(sparkConf).not.toHaveProperty([name])
  })

  it('sends a driver in the cluster what it needs, by names without folders', async () => {
    const login = ['KAFKA_USERNAME=u', 'KAFKA_PASSWORD=p', 'SPARK_CONF_spark.files=/mine']
    const environment = await environmentOf(clusterEnvironment, ['SPARK_DEPLOY_MODE=cluster', ...login])
    expect(environment).toMatchObject({ secretsFile: 'kafka-secrets.json', baselineFile: 'baseline.csv' })
    const options = environment.submitOptions ?? []
    const files = options[options.indexOf('--files') + 1]?.split(',')
    expect(files).toEqual(['/run/kafka-secrets.json', expect.stringMatching(/log4j2\.properties$/), '/mine'])
    expect(options.slice(0, 4)).toEqual([
      '--deploy-mode',
      'cluster',
      '--py-files',
      '/storage/rendered/cpu_anomaly.zip',
    ])
    expect(environment.sparkConf).toMatchObject({
      'spark.yarn.submit.waitAppCompletion': 'false',
      'spark.yarn.appMasterEnv.PYSPARK_PYTHON': 'python3',
    })
    for (const name of ['spark.ui.port', 'spark.driver.extraClassPath'])
      expect(environment.sparkConf).not.toHaveProperty([name])
  })
})
