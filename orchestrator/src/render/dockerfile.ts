import { isOnS3 } from '../config/checkpoint-location.ts'
import type { Config } from '../config/config.ts'
import type { Jar } from '../package/jars.ts'
import { jarFile, lockedJars } from '../package/jars.ts'
import type { JobFile } from '../runtime/runtime.ts'

/** Where a jar is in a Maven repository. */
export const jarPath = (jar: Jar): string =>
  `${jar.org.replaceAll('.', '/')}/${jar.name}/${jar.rev}/${jarFile(jar)}`

/** The jars that a job needs beside Spark's own. */
export const jobJars = (checkpoint: string): readonly Jar[] => [
  ...lockedJars('connector'),
  ...(isOnS3(checkpoint) ? lockedJars('s3a') : []),
]

/** An image that needs no network for its jars. */
export function dockerfile({ images }: Config, checkpoint: string): JobFile {
  const lines = jobJars(checkpoint).map(
    (jar) => `ADD --chmod=644 --checksum=sha256:${jar.sha256} \${MAVEN}/${jarPath(jar)} /opt/spark/jars/`,
  )
  const head =
    '# docker build --build-arg MAVEN=https://REPOSITORY -t REGISTRY/cpu-anomaly-spark . (with BuildKit); then name it in SPARK_IMAGE, and render again.'
  const text = [head, `FROM ${images.spark}`, '# The URL of a Maven repository.', 'ARG MAVEN', ...lines, '']
  return { path: 'Dockerfile', text: text.join('\n') }
}
