import { expect, it } from 'vitest'
import { driverLaunch } from './driver-launch.ts'

const spark = { python: '/venv/bin/python', sparkHome: '/spark', ivyJar: async () => '/ivy.jar' }
const folders = { scratch: '/run/spark', modules: '/storage/rendered' }

it("gives the driver our Spark, Python and folders, whatever the user's shell says", () => {
  const shell = {
    PATH: '/bin',
    JAVA_HOME: '/jdk',
    TMPDIR: '/t',
    HADOOP_CONF_DIR: '/etc/hadoop',
    SPARK_CONF_DIR: '/etc/spark',
    SPARK_HOME: '/opt/spark',
    PYSPARK_DRIVER_PYTHON: 'jupyter',
    PYTHONPATH: '/theirs',
    PYTHONSAFEPATH: '1',
  }
  expect(driverLaunch(shell, spark, ['-Da=b c'], folders).env).toEqual({
    PATH: '/bin',
    JAVA_HOME: '/jdk',
    TMPDIR: '/t',
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    SPARK_HOME: '/spark',
    PYSPARK_PYTHON: '/venv/bin/python',
    PYSPARK_DRIVER_PYTHON: '/venv/bin/python',
    SPARK_SUBMIT_OPTS: '-Djava.io.tmpdir=/t "-Da=b c"',
    SPARK_LOCAL_DIRS: '/run/spark',
    SPARK_LOCAL_IP: '127.0.0.1',
    PYTHONPATH: '/storage/rendered',
    PYTHONNOUSERSITE: '1',
    PYTHONUNBUFFERED: '1',
  })
})
