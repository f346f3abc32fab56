import { describe, expect, it } from 'vitest'
import { checkpointLocation, checkpointUri } from './checkpoint-location.ts'

describe('a checkpoint location', () => {
  it.each([
    ['file:///a%20b/c/', '/a b/c', 'file:///a b/c'],
    ['hdfs://nn:8020/user/me//cp/', 'hdfs://nn:8020/user/me/cp', 'hdfs://nn:8020/user/me/cp'],
    ['hdfs://nameservice/cp', 'hdfs://nameservice/cp', 'hdfs://nameservice/cp'],
    ['s3a://my-bucket.eu/jobs/cp=1', 's3a://my-bucket.eu/jobs/cp=1', 's3a://my-bucket.eu/jobs/cp=1'],
  ])('%s is %s', (written, location, uri) => {
    expect(checkpointLocation(written)).toBe(location)
    expect(checkpointUri(location)).toBe(uri)
  })

  it.each([
    ['/cp', 'not the URI of a folder; write file:///folder, hdfs://'],
    ['file:///', 'not the URI of a folder'],
    ['file:///x/../../', 'names no folder'],
    ['file:///x%2Fy', 'not the URI of a folder: a % has to be followed'],
    ['file:///x%zz', 'not the URI of a folder: a % has to be followed'],
    ['hdfs:///cp', 'needs the host of a name node, and a port from 1 to 65535 or none; write file'],
    ['hdfs://h:x/cp', 'needs the host of a name node'],
    ['hdfs://h:99999/cp', 'needs the host of a name node'],
    ['hdfs://me@h/cp', 'has a login, which would be shown; leave it out; HADOOP_USER_NAME'],
    [
      's3a://key:secret@b/cp',
      'has a login, which would be shown; set SPARK_CONF_spark.hadoop.fs.s3a.access.key',
    ],
    ['s3a:///cp', 'names no bucket'],
    ['s3a://bucket', 'names no folder'],
    ['s3a://bucket/', 'names no folder'],
    [
      's3://bucket/cp',
      'not the name that Hadoop has for S3; write file:///folder, hdfs://host:8020/path or s3a://',
    ],
    ['hdfs://h/a/../b', 'has a path with characters that Hadoop may change'],
    ['s3a://b/{a,b}', 'has a path with characters that Hadoop may change'],
    ['s3a://b/a b', 'has a path with characters that Hadoop may change'],
  ])('%s is refused', (written, problem) => {
    expect(() => checkpointLocation(written)).toThrow(problem)
  })
})
