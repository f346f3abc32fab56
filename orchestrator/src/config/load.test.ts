import { chmod, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CliError } from '../errors.ts'
import { packageRoot } from '../package/root.ts'
import { prepareStorage } from '../storage/storage-folder.ts'
import type { Config } from './config.ts'
import { loadConfig, maskedSettings } from './load.ts'
import { checkRules } from './rules.ts'

interface Input {
  /** Text (or bytes) of `.env`; undefined: there is none. */
  readonly env?: string | Uint8Array
  readonly set?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

interface Loaded {
  readonly config: Config
  readonly warnings: readonly string[]
}

async function newFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cpu-anomaly-load-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

async function load({ env, set = [], environment = {} }: Input, folder?: string): Promise<Loaded> {
  const where = folder ?? (await newFolder())
  if (env !== undefined) await writeFile(join(where, '.env'), env)
  const warnings: string[] = []
  const warn = (line: string) => void warnings.push(line)
  const config = await loadConfig({ folder: where, envFile: undefined, overrides: set, environment, warn })
  return { config, warnings }
}

async function refusal(loading: Promise<unknown>): Promise<CliError> {
  const outcome = await loading.then(
    () => new Error('the configuration was accepted'),
    (error: unknown) => error,
  )
  if (outcome instanceof CliError) return outcome
  throw outcome
}

const problemsOf = async (input: Input, folder?: string): Promise<string[]> =>
  (await refusal(load(input, folder))).message.split('\n')

const ORIGINAL_ENV =
  'KAFKA_USERNAME=admin\nKAFKA_PASSWORD=admin\nKAFKA_SERVERS=kafka-broker:9092\nNORMAL_MEAN=14.5\nNORMAL_STDDEV=2.7\n'
const INJECTION = `"; __import__('os').system('touch pwned') #`
const SHELL_VARIABLE = '$' + '{PATH}'
const LONG_TOPIC = 'a'.repeat(250)

// BAD_INPUTS.md, one row each: what is written, and the start (key and value), the what and the how of its one problem.
const REFUSED: readonly (readonly [line: string, start: string, what: string, how: string])[] = [
  ...['0', '-1', 'NaN', 'Infinity', '1e999', '', '   ', '2,7'].map(
    (value) =>
      [
        `NORMAL_STDDEV=${value}`,
        `NORMAL_STDDEV=${value.trim()}: `,
        'not a finite number above 0',
        'write one such as 2.7',
      ] as const,
  ),
  ['NORMAL_MEAN=14,5', 'NORMAL_MEAN=14,5: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=14.5%', 'NORMAL_MEAN=14.5%: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=1_000', 'NORMAL_MEAN=1_000: ', 'not a decimal number', 'write one such as 1000'],
  ['NORMAL_MEAN=0x10', 'NORMAL_MEAN=0x10: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=', 'NORMAL_MEAN=: ', 'not a decimal number', 'write one such as 14.5'],
  ['NORMAL_MEAN=NaN', 'NORMAL_MEAN=NaN: ', 'not a decimal number', 'write one such as 14.5'],
  ['CPU_MIN=low', 'CPU_MIN=low: ', 'not a decimal number', 'write one such as'],
  ['CPU_MAX=1e999', 'CPU_MAX=1e999: ', 'not a decimal number', 'write one such as'],

  ['NORMAL_STDEV=3', 'NORMAL_STDEV: ', 'unknown key', 'did you mean NORMAL_STDDEV?'],
  ['normal_mean=3', 'normal_mean: ', 'unknown key', 'did you mean NORMAL_MEAN?'],
  ['WINDOWS_DURATION=1 s', 'WINDOWS_DURATION: ', 'unknown key', 'did you mean WINDOW_DURATION?'],
  ['SOMETHING_ELSE_ALTOGETHER=1', 'SOMETHING_ELSE_ALTOGETHER: ', 'unknown key', 'remove it'],
  ['constructor=1', 'constructor: ', 'unknown key', 'remove it'],

  [
    'KAFKA_SERVERS=localhost',
    'KAFKA_SERVERS=localhost: ',
    'entry 1 (localhost) has no port',
    'localhost:9093',
  ],
  [
    'KAFKA_SERVERS=host:99999',
    'KAFKA_SERVERS=host:99999: ',
    'entry 1 (host:99999) has no port from 1',
    'host:',
  ],
  ['KAFKA_SERVERS=host:0', 'KAFKA_SERVERS=host:0: ', 'entry 1 (host:0) has no port from 1 to 65535', 'host:'],
  ['KAFKA_SERVERS=host:9o92', 'KAFKA_SERVERS=host:9o92: ', 'has no port from 1 to 65535', 'write host:port'],
  [
    'KAFKA_SERVERS=http://h:9092',
    'KAFKA_SERVERS=http://h:9092: ',
    '(http://h:9092) has a scheme',
    'write h:9092',
  ],
  ['KAFKA_SERVERS=a:1,b:2,', 'KAFKA_SERVERS=a:1,b:2,: ', 'entry 3 (empty) is empty', 'single commas'],
  ['KAFKA_SERVERS=a:1,,b:2', 'KAFKA_SERVERS=a:1,,b:2: ', 'entry 2 (empty) is empty', 'single commas'],
  ['KAFKA_SERVERS=:9092', 'KAFKA_SERVERS=:9092: ', 'entry 1 (:9092) names no host', 'such as localhost:9093'],
  [
    'KAFKA_SERVERS="a:1\\nb:2"',
    'KAFKA_SERVERS=a:1\\nb:2: ',
    'entry 1 (a:1\\nb:2) names no host',
    'write host:port',
  ],
  ['KAFKA_SERVERS=h:9092', 'KAFKA_SERVERS=h:9092: ', 'brokers of your own', 'leave it empty'],

  ...['INPUT_TOPIC', 'OUTPUT_TOPIC', 'DEAD_LETTER_TOPIC'].flatMap((key) =>
    ['a b', '..', '.', '../x', '', 'ä'].map(
      (value) => [`${key}=${value}`, `${key}=${value}: `, 'not a topic name', 'use 1 to 249 of'] as const,
    ),
  ),
  [`INPUT_TOPIC=${LONG_TOPIC}`, 'INPUT_TOPIC=aaaa', 'not a topic name (250 characters)', 'use 1 to 249 of'],
  [
    'OUTPUT_TOPIC=cpu-usage',
    'OUTPUT_TOPIC=cpu-usage: ',
    'is INPUT_TOPIC too, a feedback loop',
    'different names',
  ],
  [
    'DEAD_LETTER_TOPIC=anomaly',
    'DEAD_LETTER_TOPIC=anomaly: ',
    'is OUTPUT_TOPIC too, a feedback',
    'different names',
  ],
  [
    'INPUT_TOPIC=cpu-usage.dead-letter',
    'DEAD_LETTER_TOPIC=',
    'is INPUT_TOPIC too, a feedback',
    'different names',
  ],

  ['SPARK_MASTER=local[0]', 'SPARK_MASTER=local[0]: ', 'local needs at least one core', 'local[2]'],
  [
    'SPARK_MASTER=spark://h',
    'SPARK_MASTER=spark://h: ',
    'the port of the master is missing',
    'spark://host:7077',
  ],
  [
    'SPARK_MASTER=k8s://h',
    'SPARK_MASTER=k8s://h: ',
    'the port of the master is missing',
    'k8s://https://host:6443',
  ],
  [
    'SPARK_MASTER=mesos://h:5050',
    'SPARK_MASTER=mesos://h:5050: ',
    'not a master that Spark knows',
    'write spark://',
  ],
  ['SPARK_MASTER=yarn', 'SPARK_MASTER=yarn: ', 'a cluster of your own is for the external', 'leave it empty'],
  ['SPARK_MASTER=spark://h:7077', 'SPARK_MASTER=spark://h:7077: ', 'a cluster of your own', 'leave it empty'],
  ['RUNTIME=external', 'RUNTIME=external: ', 'no external runtime yet', 'write auto, local or docker'],
  ['RUNTIME=podman', 'RUNTIME=podman: ', 'not one of the choices', 'write auto or local or docker'],
  ['TRIGGER=continuous', 'TRIGGER=continuous: ', 'not one of the choices', 'real-time or auto'],
  [
    'CHECKPOINT_INTERVAL=4 seconds',
    'CHECKPOINT_INTERVAL=4 seconds: ',
    'shorter than 5000 ms',
    'write at least 5000 milliseconds',
  ],
  ['STATE_STORE=disk', 'STATE_STORE=disk: ', 'not one of the choices', 'memory or rocksdb'],

  ['WINDOW_DURATION=0', 'WINDOW_DURATION=0: ', 'not a duration', 'a positive number with a unit'],
  ['WINDOW_DURATION=0 ms', 'WINDOW_DURATION=0 ms: ', 'shorter than 1 ms', 'write at least 1 milliseconds'],
  ['WINDOW_DURATION=-500 ms', 'WINDOW_DURATION=-500 ms: ', 'not a duration', 'a positive number with a unit'],
  ['WINDOW_DURATION=500', 'WINDOW_DURATION=500: ', 'not a duration', 'such as 500 milliseconds'],
  [
    'WINDOW_DURATION=0.1 ms',
    'WINDOW_DURATION=0.1 ms: ',
    'not a whole number of milliseconds',
    '500 milliseconds',
  ],
  ['WINDOW_DURATION=2 days', 'WINDOW_DURATION=2 days: ', 'longer than 1 days', 'write a shorter one'],
  ['WATERMARK_DELAY=0', 'WATERMARK_DELAY=0: ', 'not a duration', 'a positive number with a unit'],
  ['WATERMARK_DELAY=0 ms', 'WATERMARK_DELAY=0 ms: ', 'shorter than 1 ms', 'write at least 1 milliseconds'],

  ...[
    'INPUT_PARTITIONS',
    'KAFKA_MAX_OFFSETS_PER_TRIGGER',
    'SPARK_CORES',
    'SHUFFLE_PARTITIONS',
    'SPARK_WORKERS',
  ]
    .concat('KAFKA_PORT', 'SPARK_UI_PORT', 'SPARK_MASTER_UI_PORT')
    .flatMap((key) =>
      ['0', '-1', '1.5', '99999999999999999999', 'abc', '1e3'].map(
        (value) =>
          [`${key}=${value}`, `${key}=${value}: `, 'not a whole number from 1 to', 'write one'] as const,
      ),
    ),
  ...['SPARK_DRIVER_MEMORY', 'SPARK_WORKER_MEMORY'].flatMap((key) =>
    ['0', '0g', '-1g', '1.5g', '9999999g', 'abc', '1', '100m'].map(
      (value) =>
        [`${key}=${value}`, `${key}=${value}: `, 'not a memory size from 512m', 'such as 1g'] as const,
    ),
  ),
  ['KAFKA_PORT=4040', 'SPARK_UI_PORT=4040: ', 'is KAFKA_PORT too', 'give each a port of its own'],
  ['SPARK_MASTER_UI_PORT=4040', 'SPARK_MASTER_UI_PORT=4040: ', 'is SPARK_UI_PORT too', 'a port of its own'],
  ['CPU_MIN=5\nCPU_MAX=5', 'CPU_MAX=5: ', 'is not above CPU_MIN=5', 'write a larger one'],

  ['KAFKA_USERNAME=me', 'KAFKA_USERNAME=me: ', 'there is no KAFKA_PASSWORD', 'set both or neither'],
  ['KAFKA_PASSWORD=hush', 'KAFKA_PASSWORD=***: ', 'there is no KAFKA_USERNAME', 'set both or neither'],
  ['KAFKA_PASSWORD="hu\\nsh"', 'KAFKA_PASSWORD=***: ', 'holds a line break', 'write it on one line'],
  [
    'KAFKA_SECURITY_PROTOCOL=SASL_SSL',
    'KAFKA_SECURITY_PROTOCOL=',
    'needs KAFKA_USERNAME and KAFKA_PASS',
    'set them',
  ],
  [
    'KAFKA_SECURITY_PROTOCOL=TLS',
    'KAFKA_SECURITY_PROTOCOL=TLS: ',
    'not one of the choices',
    'PLAINTEXT or SSL',
  ],
  ['KAFKA_SSL_CA=ca.pem', 'KAFKA_SSL_CA=ca.pem: ', 'not an absolute path', 'write the whole path'],
  ['KAFKA_SSL_CERT=/c.pem', 'KAFKA_SSL_CERT and KAFKA_SSL_KEY: ', 'only one is set', 'set both or neither'],
  [
    'SPARK_CONF_spark.ui.killEnabled=true',
    'SPARK_CONF_spark.ui.killEnabled: ',
    'is set by cpu-anomaly',
    'remove it',
  ],
  ['SPARK_CONF_x.password=hush', 'SPARK_CONF_x.password: ', 'looks like a secret', 'keep it in a file'],

  ...[INJECTION, `'''`, '{{7*7}}', SHELL_VARIABLE, '$(id)', '`id`', 'a\\b', 'a\u2028b'].flatMap((value) =>
    ['INPUT_TOPIC', 'KAFKA_SERVERS', 'SPARK_IMAGE', 'NORMAL_MEAN', 'GROUP_BY', 'SPARK_MASTER'].map(
      (key) => [`--set ${key}=${value}`, `${key}=${value.replace('\u2028', '\\u2028')}: `, '; ', ''] as const,
    ),
  ),

  ['--set NORMAL_MEAN', '--set NORMAL_MEAN: ', 'is no KEY=value', 'such as --set NORMAL_MEAN=14.5'],
  ['--set =x', '--set =x: ', 'is no KEY=value', 'such as --set NORMAL_MEAN=14.5'],
  ['--set NORMAL_MEEN=1', 'NORMAL_MEEN: ', 'unknown key in --set', 'did you mean NORMAL_MEAN?'],
  [
    '--set INPUT_TOPIC=\u001b[2J\u202e\u0007',
    'INPUT_TOPIC=\\x1b[2J\\u202e\\x07: ',
    'not a topic name',
    'use 1',
  ],
]

const asInput = (line: string): Input =>
  line.startsWith('--set ') ? { set: [line.slice('--set '.length)] } : { env: `${line}\n` }

describe('a setting that cannot be used', () => {
  it.each(REFUSED)('%j is refused in one line', async (line, start, what, how) => {
    const folder = await newFolder()
    const input = asInput(line)
    const error = await refusal(load(input, folder))
    const problems = error.message.split('\n')
    expect(problems).toHaveLength(1)
    expect(problems[0]?.slice(0, start.length)).toBe(start)
    expect(problems[0]).toContain(what)
    expect(problems[0]).toMatch(/; \S/)
    expect(problems[0]).toContain(how)
    expect(problems[0]).not.toContain('hush')
    expect(error).toMatchObject({ code: 'CONFIGURATION', exitCode: 2 })
    expect(await readdir(folder)).toEqual(input.env === undefined ? [] : ['.env'])
  })

  it('does not hide another one: values, rules across settings, unknown keys and storage in one run', async () => {
    const problems = await problemsOf({
      env: 'NORMAL_STDDEV=0\nWINDOW_DURATION=500\nOUTPUT_TOPIC=cpu-usage\nNORMAL_MEEN=1\nSTORAGE_DIR=.\n',
      set: ['KAFKA_PORT=x', 'nonsense'],
      environment: { KAFKA_PASSWORD: 'hush' },
    })
    expect(problems.map((problem) => problem.split(/[=:]/)[0]).sort()).toEqual([
      '--set nonsense',
      'KAFKA_PASSWORD',
      'KAFKA_PORT',
      'NORMAL_MEEN',
      'NORMAL_STDDEV',
      'OUTPUT_TOPIC',
      'STORAGE_DIR',
      'WINDOW_DURATION',
    ])
    expect(problems.join()).not.toContain('hush')
  })

  it('is not blamed for what its default would have done', async () => {
    const problems = await problemsOf({
      env: 'INPUT_TOPIC=a b\nOUTPUT_TOPIC=cpu-usage\nKAFKA_PORT=x\nSPARK_UI_PORT=9093\n',
    })
    expect(problems.map((problem) => problem.split('=')[0])).toEqual(['INPUT_TOPIC', 'KAFKA_PORT'])
  })

  it('is shortened where it is very long', async () => {
    const [problem = ''] = await problemsOf({ set: [`INPUT_TOPIC=${'a'.repeat(100_000)}`] })
    expect(problem.length).toBeLessThan(250)
  })
})

describe('a setting that looks odd and can be used', () => {
  it.each<[string, Input, Partial<Config> | object]>([
    ['the original .env', { env: ORIGINAL_ENV }, { kafka: { servers: ['kafka-broker:9092'] } }],
    ['an empty KAFKA_SERVERS, for the own broker', { env: 'KAFKA_SERVERS=\n' }, { kafka: { servers: [] } }],
    ['a blank KAFKA_SERVERS', { set: ['KAFKA_SERVERS=  '] }, { kafka: { servers: [] } }],
    [
      'the own broker by its address',
      { env: 'KAFKA_SERVERS=localhost:9093' },
      { kafka: { servers: ['localhost:9093'] } },
    ],
    [
      'a sample that is negative in normal operation',
      { env: 'NORMAL_MEAN=-3e-1' },
      { detector: { normalMean: -0.3 } },
    ],
    ['blanks around a value', { set: ['NORMAL_MEAN=  15 '] }, { detector: { normalMean: 15 } }],
    ['a choice in another case', { env: 'ANOMALY_DIRECTION=Both' }, { detector: { direction: 'both' } }],
    ['a byte-order mark', { env: '\ufeffNORMAL_MEAN=15\n' }, { detector: { normalMean: 15 } }],
    [
      'CRLF line ends',
      { env: 'NORMAL_MEAN=15\r\nGROUP_BY=key\r\n' },
      { detector: { normalMean: 15, groupBy: 'key' } },
    ],
    [
      'CR line ends',
      { env: 'NORMAL_MEAN=15\rGROUP_BY=key\r' },
      { detector: { normalMean: 15, groupBy: 'key' } },
    ],
    [
      'quotes, export and a comment',
      { env: 'export NORMAL_MEAN="15" # percent\n' },
      { detector: { normalMean: 15 } },
    ],
    ['a fraction of a second', { env: 'WINDOW_DURATION=2.01 s' }, { detector: { windowMs: 2010 } }],
    ['no trigger interval', { env: 'TRIGGER_INTERVAL=0 ms' }, { query: { triggerIntervalMs: 0 } }],
    ['text for Spark', { set: [`SPARK_CONF_a.b=${INJECTION}`] }, { spark: { conf: { 'a.b': INJECTION } } }],
    [
      'variables in a value',
      { env: `KAFKA_USERNAME=${SHELL_VARIABLE}$(id)\nKAFKA_PASSWORD=x` },
      { kafka: { sasl: { username: `${SHELL_VARIABLE}$(id)` } } },
    ],
    [
      'the number of shuffle partitions from the cores',
      { env: 'SPARK_CORES=3' },
      { spark: { shufflePartitions: 3, realTimeShufflePartitions: 1 } },
    ],
    [
      'the number of shuffle partitions as it is set, in each mode',
      { env: 'SPARK_CORES=3\nSHUFFLE_PARTITIONS=2' },
      { spark: { shufflePartitions: 2, realTimeShufflePartitions: 2 } },
    ],
    [
      'real-time mode with its interval and its state',
      { env: 'TRIGGER=Real-Time\nCHECKPOINT_INTERVAL=5 s\nSTATE_STORE=RocksDB' },
      { query: { trigger: 'real-time', checkpointIntervalMs: 5_000, stateStore: 'rocksdb' } },
    ],
  ])('%s', async (_, input, expected) => {
    const { config, warnings } = await load(input)
    expect(config).toMatchObject(expected)
    expect(warnings).toEqual([])
  })

  it.each(['a"b', 'a\\b', 'a;b', ' a b ', 'päss\u{1f600}', '#hash#', 'a=b', '***'])(
    'the password %j',
    async (password) => {
      const environment = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: password }
      expect((await load({ environment })).config.kafka.sasl?.password).toBe(password)
      const env = `KAFKA_USERNAME=me\nKAFKA_PASSWORD='${password}'\n`
      expect((await load({ env })).config.kafka.sasl?.password).toBe(password)
    },
  )

  it.each(['\n', '\r\n', '\r'])(
    'is said of a key that stands twice, with both lines (line end %j)',
    async (end) => {
      const { config, warnings } = await load({
        env: ['NORMAL_MEAN=15', '# so it was', '', 'NORMAL_MEAN=16', ''].join(end),
      })
      expect(config.detector.normalMean).toBe(16)
      expect(warnings).toEqual([
        expect.stringMatching(/NORMAL_MEAN stands in line 1 and in line 4; the last one counts$/),
      ])
    },
  )
})

describe('precedence', () => {
  const env = 'NORMAL_MEAN=1\nNORMAL_STDDEV=2\nINPUT_TOPIC=from-env-file\nSPARK_CONF_a.b=1\n'
  const environment = { NORMAL_MEAN: '3', NORMAL_STDDEV: '4', 'SPARK_CONF_a.b': '2' }

  it.each([
    ['NORMAL_MEAN', '5', 'flag'],
    ['NORMAL_STDDEV', '4', 'environment'],
    ['SPARK_CONF_a.b', '2', 'environment'],
    ['INPUT_TOPIC', 'from-env-file', '.env'],
    ['OUTPUT_TOPIC', 'anomaly', 'default'],
  ])('gives %s the value %s of the %s', async (key, value, origin) => {
    const { config } = await load({ env, environment, set: ['NORMAL_MEAN=5'] })
    expect(config.resolved.find((setting) => setting.key === key)).toMatchObject({ value, origin })
  })

  it('lets a later --set win, and splits at the first =', async () => {
    const { config } = await load({ set: ['NORMAL_MEAN=1', 'NORMAL_MEAN=2', 'SPARK_CONF_a=b=c'] })
    expect(config.detector.normalMean).toBe(2)
    expect(config.spark.conf).toEqual({ a: 'b=c' })
  })

  it('does not mind other variables of the environment', async () => {
    const { config } = await load({ environment: { PATH: '/bin', NORMAL_STDEV: '9' } })
    expect(config.resolved.every(({ origin }) => origin === 'default')).toBe(true)
  })

  it('reads another file instead of .env where it is named, and refuses one that is missing', async () => {
    const folder = await newFolder()
    await writeFile(join(folder, '.env'), 'NORMAL_MEAN=1\n')
    await writeFile(join(folder, 'other.env'), 'NORMAL_MEAN=2\n')
    const from = (envFile: string) =>
      loadConfig({ folder, envFile, overrides: [], environment: {}, warn: () => undefined })
    expect((await from('other.env')).detector.normalMean).toBe(2)
    expect((await refusal(from('none.env'))).message).toMatch(/none\.env: cannot be read: ENOENT/)
  })
})

describe('the security protocol', () => {
  const login = 'KAFKA_USERNAME=u\nKAFKA_PASSWORD=p\n'
  it.each([
    ['nothing', '', 'PLAINTEXT'],
    ['a login', login, 'SASL_PLAINTEXT'],
    ['a certificate authority', 'KAFKA_SSL_CA=/ca.pem\n', 'SSL'],
    ['both', `${login}KAFKA_SSL_CA=/ca.pem\n`, 'SASL_SSL'],
    ['a login and its own setting', `${login}KAFKA_SECURITY_PROTOCOL=sasl_ssl\n`, 'SASL_SSL'],
  ])('follows from %s', async (_, env, expected) => {
    expect((await load({ env })).config.kafka.securityProtocol).toBe(expected)
  })

  it.each([
    [['broker.example:9092', 'localhost:9092', 'kafka-broker:9092'], ['broker.example:9092']],
    [['localhost:9092', '127.0.0.1:9092', '[::1]:9092', 'kafka-broker:9092'], []],
  ])('is warned about where a password would leave this machine in clear: %j', async (servers, open) => {
    const { config } = await load({ env: login })
    const { warnings } = checkRules({ ...config, kafka: { ...config.kafka, servers } })
    expect(warnings).toEqual(
      open.map(
        (server) => `KAFKA_PASSWORD would travel in clear to ${server}: set KAFKA_SECURITY_PROTOCOL=SASL_SSL`,
      ),
    )
    const encrypted = { ...config.kafka, servers, securityProtocol: 'SASL_SSL' as const }
    expect(checkRules({ ...config, kafka: encrypted }).warnings).toEqual([])
  })
})

describe('what is shown of the settings', () => {
  it('masks each secret that is set and nothing else', async () => {
    const env = 'KAFKA_USERNAME=me\nKAFKA_PASSWORD=hush\nKAFKA_SSL_KEY_PASSWORD=hush\n'
    const shown = maskedSettings((await load({ env })).config)
    expect(shown.filter(({ value }) => value === '***').map(({ key }) => key)).toEqual([
      'KAFKA_PASSWORD',
      'KAFKA_SSL_KEY_PASSWORD',
    ])
    expect(shown.find(({ key }) => key === 'KAFKA_USERNAME')).toEqual({
      key: 'KAFKA_USERNAME',
      value: 'me',
      origin: '.env',
    })
    expect(JSON.stringify(shown)).not.toContain('hush')
    expect(maskedSettings((await load({})).config).find(({ key }) => key === 'KAFKA_PASSWORD')?.value).toBe(
      '',
    )
  })
})

describe('a .env that is no settings file', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['a NUL byte', 'NORMAL_MEAN=1\0', /\.env: has a NUL byte at offset 13/],
    ['invalid UTF-8', Uint8Array.of(0x41, 0x3d, 0xff, 0xfe), /\.env: is not valid UTF-8/],
    ['UTF-16', Buffer.from('\ufeffNORMAL_MEAN=1', 'utf16le'), /\.env: has a NUL byte/],
    ['10 MB', Buffer.alloc(10_000_000, 'A'), /\.env: is 10000000 bytes long/],
  ])('is refused: %s', async (_, env, expected) => {
    const error = await refusal(load({ env }))
    expect(error.message).toMatch(expected)
    expect(error).toMatchObject({ code: 'CONFIGURATION', exitCode: 2, hint: expect.stringMatching(/\S/) })
  })

  it('is refused: a directory', async () => {
    const folder = await newFolder()
    await mkdir(join(folder, '.env'))
    expect((await refusal(load({}, folder))).message).toMatch(/\.env: is not a file/)
  })

  it.skipIf(process.getuid?.() === 0)(
    'is refused: unreadable (skipped for root, who reads all)',
    async () => {
      const folder = await newFolder()
      await writeFile(join(folder, '.env'), '')
      await chmod(join(folder, '.env'), 0)
      expect((await refusal(load({}, folder))).message).toMatch(/\.env: cannot be read: EACCES/)
    },
  )
})

describe('the storage folder', () => {
  it.each([
    ['the root', () => '/', 'is the root of the file system'],
    ['the root in another notation', () => '/tmp/..', 'is the root of the file system'],
    ['the home folder', () => homedir(), 'is your home folder'],
    ['the home folder with a slash', () => `${homedir()}/`, 'is your home folder'],
    ['.', () => '.', 'is the project folder itself'],
    ['nothing', () => '', 'is the project folder itself'],
    ['the project folder with a slash', (folder: string) => `${folder}/`, 'is the project folder itself'],
    ['..', () => '..', 'contains the project folder'],
    ['the repository root', () => packageRoot, "is this tool's own folder"],
    ['a link to outside', () => 'outside', 'is a link that leads out of the project folder'],
    ['a link to nowhere', () => 'nowhere', 'is a link that leads out of the project folder'],
    [
      'a folder behind a link to outside',
      () => 'outside/sub',
      'is behind a link that leads out of the project folder',
    ],
    ['a link to the project folder', () => 'self', 'is a link that leads out of the project folder'],
    ['a foreign folder that is not empty', () => 'photos', 'is a folder that contains other files'],
    ['a file', () => 'photos/one.jpg', 'is not a folder'],
  ])('may not be %s', async (_, dir, what) => {
    const folder = await newFolder()
    const outside = await newFolder()
    await symlink(outside, join(folder, 'outside'))
    await symlink('/no/such/folder', join(folder, 'nowhere'))
    await symlink('.', join(folder, 'self'))
    await mkdir(join(folder, 'photos'))
    await writeFile(join(folder, 'photos', 'one.jpg'), '')
    const [problem, ...others] = await problemsOf({ set: [`STORAGE_DIR=${dir(folder)}`] }, folder)
    expect(others).toEqual([])
    expect(problem).toMatch(/^STORAGE_DIR=\//)
    expect(problem).toContain(`: ${what}; use a dedicated folder, such as storage`)
    expect(await readdir(outside)).toEqual([])
  })

  it.each(['storage', 'new/deep', './storage/', `it's "odd" $(id) {{7*7}}`])('may be %j', async (dir) => {
    const { config } = await load({ set: [`STORAGE_DIR=${dir}`] })
    expect(config.storageDir).toBe(join(config.folder, dir).replace(/\/$/, ''))
    expect(await readdir(config.folder)).toEqual([])
  })

  it('may be an empty folder elsewhere, or an empty one behind a link within the project folder', async () => {
    const folder = await newFolder()
    const elsewhere = await newFolder()
    expect((await load({ set: [`STORAGE_DIR=${elsewhere}`] }, folder)).config.storageDir).toBe(elsewhere)
    await mkdir(join(folder, 'data'))
    await symlink('data', join(folder, 'link'))
    expect((await load({ set: ['STORAGE_DIR=link'] }, folder)).config.storageDir).toBe(join(folder, 'link'))
  })

  it('may be the one that was made before', async () => {
    const folder = await newFolder()
    const { config } = await load({}, folder)
    const paths = await prepareStorage(config.storageDir, config.folder)
    await writeFile(join(paths.kafka, 'data'), '')
    expect((await load({}, folder)).config.storageDir).toBe(paths.root)
  })
})
