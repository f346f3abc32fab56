import type { Config } from '../config/config.ts'
import { CliError } from '../errors.ts'
import { sparkSecrets } from '../job/submit-args.ts'
import { hasJavaClientSecrets } from '../kafka/java-client.ts'
import { jarFile } from '../package/jars.ts'
import { SPARK_VERSION } from '../package/tested-versions.ts'
import { BASELINE_FILE, type JobEnvironment } from '../runtime/runtime.ts'
import { standaloneConf } from '../runtime/standalone/job-environment.ts'
import { yarnConf } from '../runtime/yarn/job-environment.ts'
import { jarPath, jobJars } from './dockerfile.ts'
import { type Rendering, renderedJob, requireShareable, type Shareable } from './rendering.ts'
import { LOG_SETTINGS, logSettings, textFrom } from './text.ts'

const SCRIPT = 'submit.sh'

/** The job and a script that submits it, for any master that Spark knows. */
export async function renderSparkSubmit(config: Config): Promise<Rendering> {
  const shared = requireShareable(config)
  if (config.runtime === 'kubernetes')
    throw new CliError(
      'CONFIGURATION',
      `SPARK_MASTER=${config.spark.master}: executors in pods do not reach a driver outside`,
      {
        hint: 'Use --target kubernetes, whose driver is a pod too, or set another SPARK_MASTER.',
      },
    )
  if (config.runtime === 'yarn-cluster')
    throw new CliError(
      'CONFIGURATION',
      'SPARK_DEPLOY_MODE=cluster: the script runs the driver where it is started',
      {
        hint: 'Set SPARK_DEPLOY_MODE=client for this target; `cpu-anomaly submit` is for the other.',
      },
    )
  const job = await renderedJob(config, environmentOf(config, shared))
  const jars = jobJars(shared.checkpoint)
  const files = [
    ...job.files,
    await logSettings(),
    { path: 'jars.txt', text: jars.map((jar) => `${jarPath(jar)}\n`).join('') },
    { path: 'jars.sha256', text: jars.map((jar) => `${jar.sha256}  ${jarFile(jar)}\n`).join('') },
    await textFrom('submit.sh', SCRIPT, {
      arguments: argumentLines(job.submitArgs),
    }),
    await textFrom('spark-submit.md', 'README.md', {
      spark: SPARK_VERSION,
      secrets: secretsText(config, shared),
      master: config.spark.master ?? 'this machine',
      checkpoint: shared.checkpoint,
    }),
  ]
  return { files, remarks: job.remarks }
}

/** Paths are relative to the folder of the files, in which the script runs. */
function environmentOf(config: Config, { kafka, checkpoint }: Shareable): JobEnvironment {
  const { spark } = config
  return {
    master: spark.master ?? `local[${spark.cores}]`,
    slots: spark.cores,
    sparkVersion: SPARK_VERSION,
    kafka,
    checkpoint,
    baselineFile: BASELINE_FILE,
    secretsFile: hasJavaClientSecrets(kafka) ? 'kafka-secrets.json' : undefined,
    propertiesFile: 'spark-secrets.properties',
    connectorJars: [], // the script fetches them
    sparkConf: {
      ...(config.runtime === 'yarn' && yarnConf(config)),
      ...(config.runtime === 'standalone' && standaloneConf(spark)),
      'spark.driver.extraJavaOptions': `-Dlog4j2.configurationFile=${LOG_SETTINGS}`,
    },
  }
}

/** One option with its value a line. */
const argumentLines = (args: readonly string[]): string =>
  args
    .map((arg, index) => `${index % 2 === 0 ? '  ' : ' '}${word(arg)}${index % 2 === 0 ? '' : ' \\\n'}`)
    .join('')

/** As one word of a POSIX shell. */
const word = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", QUOTE_IN_QUOTES)}'`

const QUOTE_IN_QUOTES = String.raw`'\''`

/** What has to be written beside the files first; nothing if the settings have no secret. */
function secretsText({ spark }: Config, { kafka }: Shareable): string {
  const names = Object.keys(sparkSecrets(spark)).join(', ')
  const commands = [
    ...(hasJavaClientSecrets(kafka)
      ? ['    npx cpu-anomaly render --target spark-submit --secret > kafka-secrets.json']
      : []),
    ...(names ? [`    $EDITOR spark-secrets.properties        # NAME=VALUE, one per line: ${names}`] : []),
  ]
  if (commands.length === 0) return 'Three commands start and stop the job:'
  const first = 'No file here holds a secret: write them beside these files first, readable for you alone.'
  return [first, '', '    umask 077', ...commands, '', 'Then three commands start and stop the job:'].join(
    '\n',
  )
}
