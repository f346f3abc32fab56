import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { configWith } from '../../../config/load.fixture.ts'
import { packageRoot } from '../../../package/root.ts'
import { HOST_MASTER_PORT } from '../container/network.ts'
import { PORT_LABEL } from '../container/ports.ts'
import { composeEnvironment, composeFiles, composeServices } from './environment.ts'

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e'
const SECRET = 'q7Zx'
const LOGIN = ['KAFKA_USERNAME=me', `KAFKA_PASSWORD=${SECRET}`]
const HERE = 'KAFKA_SERVERS=127.0.0.1:19092'
const ELSEWHERE = 'KAFKA_SERVERS=kafka-1.example.org:9093'

const read = (file: string): string => readFileSync(join(packageRoot, file), 'utf8')

describe('composeEnvironment', () => {
  it('sets every variable that the compose files use, and the cores per worker, rounded up', async () => {
    const config = await configWith([...LOGIN, 'SPARK_CORES=5', 'SPARK_WORKERS=2'])
    const environment = composeEnvironment(config, ID)
    const files = composeFiles(await configWith([HERE]))
    const text = files.map((file) => JSON.stringify(parse(read(file), { logLevel: 'error' }))).join()
    const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name))
    asked.delete('SPARK_CORES') // the fallback of CPU_ANOMALY_WORKER_CORES
    expect(Object.keys(environment)).toEqual(expect.arrayContaining([...asked]))
    expect(environment).toMatchObject({
      CPU_ANOMALY_WORKER_CORES: '3',
      SPARK_WORKERS: '2',
      SPARK_WORKER_MEMORY: '1g',
      CPU_ANOMALY_WORKER_LIMIT: '2048m',
      CPU_ANOMALY_STORAGE_ID: ID,
      CPU_ANOMALY_PACKAGE: packageRoot,
      KAFKA_PASSWORD: SECRET,
      CPU_ANOMALY_ENCRYPT_TRAFFIC: 'false',
    })
  })

  it('does not tell compose how to log in to a given Kafka, and has Spark encrypt what it sends', async () => {
    const environment = composeEnvironment(await configWith([...LOGIN, ELSEWHERE]), ID)
    expect(JSON.stringify(environment)).not.toContain(SECRET)
    expect(environment).toMatchObject({ CPU_ANOMALY_ENCRYPT_TRAFFIC: 'true' })
  })
})

describe('the compose project', () => {
  it.each([
    ['a broker and Spark', [], ['kafka-broker', 'spark-master', 'spark-worker'], 1],
    ['only Spark beside a given Kafka', [ELSEWHERE], ['spark-master', 'spark-worker'], 1],
    [
      "only Spark, in this machine's network, beside one on loopback",
      [HERE],
      ['spark-master', 'spark-worker'],
      2,
    ],
  ])('starts %s', async (_, settings, services, files) => {
    const config = await configWith(settings)
    expect(composeServices(config)).toEqual(services)
    expect(composeFiles(config)).toHaveLength(files)
  })

  it("agrees with the code about the ports in this machine's network", () => {
    const { services } = parse(read('infra/docker/host-network.yml'), { merge: true, logLevel: 'error' })
    expect(services['spark-master'].environment.SPARK_MASTER_PORT).toBe(String(HOST_MASTER_PORT))
    expect(services['spark-worker'].command.at(-1)).toContain(`spark://spark-master:${HOST_MASTER_PORT}`)
    expect(services['spark-master'].labels).toEqual({ [PORT_LABEL]: `$${'{'}SPARK_MASTER_UI_PORT}` })
  })
})
