import { fileURLToPath } from 'node:url'
import { type Parser, Problem, text } from './parsers.ts'

const FORMS = 'write file:///folder, hdfs://host:8020/path or s3a://bucket/path'

/** Where a checkpoint is: of `file:///folder` the path of the folder, of `hdfs://` and `s3a://` the URI. */
export const checkpointLocation: Parser<string> = (value) => {
  if (/^file:\/\/\/[^/]/.test(value)) return fileURLToPath(text(value)).replace(/\/+$/, '')
  const [, scheme, authority = '', path = ''] = value.match(/^([a-z0-9]+):\/\/([^/]*)(.*)$/) ?? []
  if (scheme === 's3' || scheme === 's3n') throw new Problem('not the name that Hadoop has for S3', FORMS)
  if (scheme !== 'hdfs' && scheme !== 's3a') throw new Problem('not the URI of a folder', FORMS)
  if (authority.includes('@'))
    throw new Problem(
      'has a login, which would be shown',
      scheme === 's3a'
        ? 'set SPARK_CONF_spark.hadoop.fs.s3a.access.key and SPARK_CONF_spark.hadoop.fs.s3a.secret.key'
        : 'leave it out; HADOOP_USER_NAME in the shell names the user',
    )
  requireAuthority(scheme, authority)
  const folders = path.split('/').filter(Boolean)
  if (folders.length === 0) throw new Problem('names no folder', FORMS)
  if (folders.some((name) => name === '.' || name === '..' || !/^[\w.~=+-]+$/.test(name)))
    throw new Problem('has a path that Hadoop may read otherwise', 'use A-Z a-z 0-9 . _ ~ = + - and / only')
  return `${scheme}://${authority}/${folders.join('/')}`
}

function requireAuthority(scheme: 'hdfs' | 's3a', authority: string): void {
  if (scheme === 'hdfs' && !/^[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?$/.test(authority))
    throw new Problem('names no name node', FORMS)
  if (scheme === 's3a' && !/^[a-z0-9][a-z0-9._-]*$/.test(authority))
    throw new Problem('names no bucket', FORMS)
}

/** Is this checkpoint reached through Hadoop's clients, and not in a folder? */
export const isRemoteCheckpoint = (location: string | undefined): location is string =>
  /^(?:hdfs|s3a):\/\//.test(location ?? '')

export const isOnS3 = (location: string | undefined): boolean => location?.startsWith('s3a://') ?? false

/** As it is written in settings. */
export const checkpointUri = (location: string): string =>
  isRemoteCheckpoint(location) ? location : `file://${location}`
