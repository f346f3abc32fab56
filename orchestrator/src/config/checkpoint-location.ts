import { fileURLToPath } from 'node:url'
import { isPort, type Parser, Problem, text } from './parsers.ts'

const FORMS = 'write file:///folder, hdfs://host:8020/path or s3a://bucket/path'

/** Where a checkpoint is: of `file:///folder` the path of the folder, of `hdfs://` and `s3a://` the URI. */
export const checkpointLocation: Parser<string> = (value) => {
  if (/^file:\/\/\/[^/]/.test(value)) return folderOf(text(value))
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
    throw new Problem(
      'has a path with characters that Hadoop may change',
      'use A-Z a-z 0-9 . _ ~ = + - and / only',
    )
  return `${scheme}://${authority}/${folders.join('/')}`
}

function folderOf(uri: string): string {
  let path: string
  try {
    path = fileURLToPath(uri).replace(/\/+$/, '')
  } catch {
    throw new Problem(
      'not the URI of a folder: a % has to be followed by the code of a character other than /',
      FORMS,
    )
  }
  if (path === '') throw new Problem('names no folder', FORMS)
  return path
}

function requireAuthority(scheme: 'hdfs' | 's3a', authority: string): void {
  const node = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::(\d+))?$/.exec(authority)
  if (scheme === 'hdfs' && (!node || !isPort(node[1] ?? '8020')))
    throw new Problem('needs the host of a name node, and a port from 1 to 65535 or none', FORMS)
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
