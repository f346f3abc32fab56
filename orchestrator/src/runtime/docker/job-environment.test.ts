import { describe, expect, it } from 'vitest'
import { configWith } from '../../config/load.fixture.ts'
import { dockerJobEnvironment } from './job-environment.ts'

const environment = async (servers: string) => {
  const config = await configWith([`KAFKA_SERVERS=${servers}`])
  return dockerJobEnvironment(config, config.kafka.isGiven ? config.kafka : undefined)
}

describe('the environment of a job in containers', () => {
  it('has a network of its own beside its own broker', async () => {
    const { master, kafka, sparkConf } = await environment('')
    expect(master).toBe('spark://spark-master:7077')
    expect(kafka.servers).toEqual(['kafka-broker:9092'])
    expect(sparkConf).toMatchObject({ 'spark.driver.host': 'spark-driver' })
    expect(sparkConf).not.toHaveProperty('spark.network.crypto.enabled')
  })

  it.each(['kafka-1.example.org:9093', '127.0.0.1:19092'])(
    'encrypts what Spark sends, which has the login of a given Kafka: %s',
    async (servers) => {
      const { kafka, sparkConf } = await environment(servers)
      expect(kafka.servers).toEqual([servers])
      expect(sparkConf).toMatchObject({ 'spark.network.crypto.enabled': 'true' })
    },
  )

  it('reaches brokers on other machines from its own network', async () => {
    const { master, sparkConf } = await environment('kafka-1.example.org:9093')
    expect(master).toBe('spark://spark-master:7077')
    expect(sparkConf).toMatchObject({ 'spark.driver.host': 'spark-driver' })
  })

  it("listens on loopback in this machine's own network, and keeps executors of one address apart", async () => {
    const { master, sparkConf } = await environment('127.0.0.1:19092')
    expect(master).toBe('spark://spark-master:27077')
    expect(sparkConf).toMatchObject({
      'spark.driver.host': '127.0.0.1',
      'spark.driver.bindAddress': '127.0.0.1',
      'spark.blockManager.port': '0',
      'spark.shuffle.readHostLocalDisk': 'false',
      'spark.executor.defaultJavaOptions': '-Dio.netty.bootstrap.extensions=serviceload',
    })
  })
})
