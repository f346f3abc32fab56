import { expect, it } from 'vitest'
import { configWith } from '../../config/load.fixture.ts'
import { storagePaths } from '../../storage/paths.ts'
import { ownBrokerAccess } from '../own-broker.ts'
import { localJobEnvironment } from './job-environment.ts'

it('lets only programs of this machine that know a secret reach the driver', async () => {
  const config = await configWith(['SPARK_CONF_spark.driver.extraJavaOptions=-Da=b'])
  const access = ownBrokerAccess(config.kafka, '127.0.0.1:1')
  const context = { config, storage: storagePaths('/storage'), env: {} }
  const { sparkConf } = localJobEnvironment(context, access, { secretsFile: '/s', propertiesFile: '/p' })
  expect(sparkConf).toMatchObject({
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.authenticate': 'true',
    'spark.driver.extraJavaOptions': expect.stringContaining('-Dio.netty.bootstrap.extensions=serviceload'),
    'spark.driver.extraClassPath': expect.stringMatching(/\/loopback\.jar$/),
  })
})
