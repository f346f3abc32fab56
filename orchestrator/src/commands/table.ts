import type { CommandSpec, FlagSpec } from '../cli/command.ts'
import { oneOf, wholeNumber } from '../cli/flags.ts'

const JSON_FLAG: FlagSpec = { flags: '--json', summary: 'print JSON, one object per line' }

/** For a flag that may be repeated. */
const repeated = (value: string, before: readonly string[] = []) => [...before, value]

/** Which columns of a file are what; without them, they are recognized. */
const COLUMN_FLAGS: readonly FlagSpec[] = [
  { flags: '--time <column>', summary: 'column of the times, by name or number (default: recognized)' },
  {
    flags: '--time-unit <unit>',
    summary: 'unit of times that are numbers: s, ms, us or ns (default: by their digits)',
    parse: oneOf('s', 'ms', 'us', 'ns'),
  },
  { flags: '--cpu <column>', summary: 'column of the CPU usage (default: recognized)' },
  {
    flags: '--from <kind>',
    summary: 'usage, or idle to send 100 minus the value (default: by the name of the column)',
    parse: oneOf('usage', 'idle'),
  },
  {
    flags: '--series <column>',
    summary: 'column of host names or such, by which the samples are grouped',
  },
]

/** All commands with their flags. Kept light: the code of a command is imported only when it runs. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'write a .env with every setting and its default in a comment; --set sets one',
    flags: [{ flags: '--force', summary: 'replace an existing .env (it is kept as .env.bak)' }],
    examples: ['cpu-anomaly init', 'cpu-anomaly init --set NORMAL_MEAN=20'],
    load: () => import('./init.ts'),
  },
  {
    name: 'up',
    summary: 'start Kafka and Spark and create the topics; safe to repeat, starts only what is missing',
    flags: [
      {
        flags: '--workers <count>',
        summary: 'number of Spark workers (docker runtime); overrides SPARK_WORKERS',
        parse: wholeNumber(1),
      },
      {
        flags: '--adopt',
        summary: 'in a copy of a project folder: make it independent of the original, with the data it has',
      },
      {
        flags: '--moved',
        summary: 'in a project folder that was moved to another disk: keep its stack and data',
      },
      JSON_FLAG,
    ],
    examples: ['cpu-anomaly up', 'cpu-anomaly up --set KAFKA_PORT=19093'],
    load: () => import('./up.ts'),
  },
  {
    name: 'submit',
    summary: 'render the job and submit it to Spark under supervision',
    flags: [
      { flags: '--dry-run', summary: 'print the rendered job, the spark-submit arguments and the settings' },
      { flags: '--full', summary: "with --dry-run: print the job's modules too" },
      { flags: '--foreground', summary: "show the driver's log; the job ends with this command" },
      { flags: '--new-checkpoint', summary: 'set the old checkpoint aside and start a new one' },
      {
        flags: '--timeout-seconds <n>',
        summary: 'how long the first commit may take (default 180, on Kubernetes 600; at most a day)',
        parse: wholeNumber(1, 86_400),
      },
      JSON_FLAG,
    ],
    examples: ['cpu-anomaly submit', 'cpu-anomaly submit --dry-run', 'cpu-anomaly submit --new-checkpoint'],
    load: () => import('./submit.ts'),
  },
  {
    name: 'render',
    summary:
      'write the job as files for whoever starts it: with kubectl or GitOps, with spark-submit, with the Spark operator',
    flags: [
      {
        flags: '--target <target>',
        summary: 'kubernetes, spark-submit or spark-operator',
        parse: oneOf('kubernetes', 'spark-submit', 'spark-operator'),
      },
      { flags: '--output <dir>', summary: 'folder of the files, with a README.md' },
      { flags: '--secret', summary: 'print the secrets, which are in no file, to standard output instead' },
      { flags: '--force', summary: 'write into a folder that holds other files, too' },
      JSON_FLAG,
    ],
    examples: [
      'cpu-anomaly render --target kubernetes --output deploy',
      'cpu-anomaly render --target kubernetes --secret',
    ],
    load: () => import('./render.ts'),
  },
  {
    name: 'tail',
    summary: 'print results as they arrive: each window once it has MIN_SAMPLES samples, or is final',
    args: [{ name: '[topic]', summary: 'topic to print (default: the output topic)' }],
    flags: [
      JSON_FLAG,
      {
        flags: '--from <position>',
        summary:
          'where to start: earliest, latest, -N (the last N records) or an ISO time, local unless it names a zone (default latest)',
      },
      { flags: '--limit <n>', summary: 'exit after this many lines', parse: wholeNumber(1) },
      { flags: '--final', summary: 'print each window once, when it can no longer change' },
      { flags: '--all', summary: 'include SAFE windows' },
      { flags: '--status <list>', summary: 'statuses to show: any of safe,warn,error (default warn,error)' },
    ],
    examples: [
      'cpu-anomaly tail anomaly',
      'cpu-anomaly tail --all --final --from earliest --json',
      'cpu-anomaly tail cpu-usage.dead-letter --from -10',
    ],
    load: () => import('./tail.ts'),
  },
  {
    name: 'produce',
    summary: "send CPU samples from a file, standard input or this machine's own CPU",
    args: [{ name: '[file]', summary: 'CSV with times and CPU usage; - for standard input' }],
    refusesExcess: true,
    flags: [
      { flags: '--live', summary: "sample this machine's own CPU until Ctrl-C" },
      {
        flags: '--rate <samples/s>',
        summary: 'maximum rate; with --live: how often to sample (default 20)',
        parse: wholeNumber(1),
      },
      { flags: '--now', summary: 'shift the times of the samples so that the newest is now' },
      { flags: '--sort', summary: 'send the samples in the order of their times' },
      { flags: '--anyway', summary: 'send samples that will not count: late, in the future, or unsorted' },
      {
        flags: '--wait',
        summary: 'return when the job has accounted for all of it, and say what became of it',
      },
      {
        flags: '--batch <n>',
        summary: 'samples per record, one per line (default 1)',
        parse: wholeNumber(1, 1_000),
      },
      { flags: '--key <name>', summary: "key of the records (default: this machine's name)" },
      {
        flags: '--timezone <zone>',
        summary: 'of times that say none, such as Europe/Berlin or +02:00 (default UTC)',
      },
      ...COLUMN_FLAGS,
      { flags: '--raw', summary: 'send each line as one record, as it is' },
      { flags: '--seconds <n>', summary: 'with --live: stop after this many seconds', parse: wholeNumber(1) },
      JSON_FLAG,
    ],
    examples: [
      'cpu-anomaly produce cpu_usage.csv',
      'cpu-anomaly produce cpu_usage.csv --batch 100',
      'cpu-anomaly produce export.csv --time 1 --timezone Europe/Berlin --cpu "CPU [%]"',
      'cpu-anomaly produce export.csv --sort --now --wait',
      'cpu-anomaly produce --live',
      'cat more.csv | cpu-anomaly produce -',
    ],
    load: () => import('./produce.ts'),
  },
  {
    name: 'status',
    summary: 'show what is running and how far the query has read',
    flags: [
      JSON_FLAG,
      { flags: '--watch', summary: 'refresh every second until Ctrl-C' },
      {
        flags: '--check',
        summary:
          'exit with 4 if Kafka or Spark does not run, with 7 if the job does not run or makes no progress, else with 0',
      },
    ],
    examples: ['cpu-anomaly status', 'cpu-anomaly status --json', 'cpu-anomaly --quiet status --check'],
    load: () => import('./status.ts'),
  },
  {
    name: 'logs',
    summary: "show a log; the driver's log includes WARN and ERROR windows",
    args: [{ name: '[part]', summary: 'kafka, spark or driver (default driver)' }],
    flags: [
      { flags: '-f, --follow', summary: 'keep printing as the log grows' },
      {
        flags: '-n, --lines <n>',
        summary: 'number of last lines to show (default 50)',
        parse: wholeNumber(0),
      },
    ],
    examples: ['cpu-anomaly logs driver -f', 'cpu-anomaly logs kafka -n 200'],
    load: () => import('./logs.ts'),
  },
  {
    name: 'stop',
    summary: 'stop the job cleanly; Kafka and Spark keep running',
    flags: [JSON_FLAG],
    examples: ['cpu-anomaly stop'],
    load: () => import('./stop.ts'),
  },
  {
    name: 'down',
    summary: 'stop everything started from this folder and verify that it is gone',
    flags: [
      { flags: '--volumes', summary: "also remove Kafka's data and the checkpoint, after confirmation" },
      { flags: '--yes', summary: 'do not ask for confirmation' },
      JSON_FLAG,
    ],
    examples: ['cpu-anomaly down', 'cpu-anomaly down --volumes --yes'],
    load: () => import('./down.ts'),
  },
  {
    name: 'calibrate',
    summary: 'compute NORMAL_MEAN and NORMAL_STDDEV from samples, and show what each choice would flag',
    args: [
      {
        name: '[source]',
        summary: 'topic, or a file as `produce` reads it (default: the input topic)',
      },
    ],
    flags: [
      {
        flags: '--since <time>',
        summary: 'only windows from this ISO time on, or from so long ago (7 days)',
      },
      {
        flags: '--exclude <from..to>',
        summary: 'leave out the windows of these times; may be repeated',
        parse: repeated,
      },
      {
        flags: '--by <dimension>',
        summary: 'a pair for each key, hour-of-week, or both: key,hour-of-week',
        parse: repeated,
      },
      {
        flags: '--timezone <name>',
        summary:
          'of the hours of the week, and of times in a file that say none (default: of this machine; of a file UTC)',
      },
      ...COLUMN_FLAGS,
      {
        flags: '--target <shares>',
        summary: 'share of windows that may be WARN, and ERROR (default 1%,0.1%)',
      },
      {
        flags: '--method <name>',
        summary: 'plain, robust or target (default: the one that fits the samples)',
      },
      { flags: '--write', summary: 'set NORMAL_MEAN and NORMAL_STDDEV in .env' },
      { flags: '--check', summary: 'compare what the settings predict with what the job has said' },
      JSON_FLAG,
    ],
    examples: [
      'cpu-anomaly calibrate',
      'cpu-anomaly calibrate cpu_usage.csv',
      'cpu-anomaly calibrate --exclude 2026-01-31T08:00..2026-01-31T09:00 --write',
      'cpu-anomaly calibrate --check',
    ],
    load: () => import('./calibrate.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this machine and the settings, and explain how to fix each failure',
    flags: [JSON_FLAG],
    examples: ['cpu-anomaly doctor'],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'config',
    summary: 'show the resolved settings with the origin of each',
    flags: [JSON_FLAG],
    examples: ['cpu-anomaly config', 'NORMAL_MEAN=20 cpu-anomaly config --json'],
    load: () => import('./config.ts'),
  },
  {
    name: 'bench',
    summary: 'measure throughput, latency and scaling on this machine, with separate topics',
    flags: [
      { flags: '--quick', summary: 'smaller sizes: under three minutes instead of about twelve' },
      {
        flags: '--only <sections>',
        summary:
          'sections to measure: any of throughput,latency,scaling,baseline (default: all but the last)',
      },
      {
        flags: '--format <names>',
        summary:
          'measure input formats beside csv: any of influx, telegraf-json, otlp-json, json, metricbeat, fluent-bit, collectd',
      },
      {
        flags: '--rate <samples/s>',
        summary: 'rate at which latency is measured (default 1000)',
        parse: wholeNumber(1),
      },
      JSON_FLAG,
      { flags: '--report <file>', summary: 'write an HTML page with tables and charts, which works offline' },
      { flags: '--beside-live-job', summary: 'measure even if a job is running in this folder' },
    ],
    examples: [
      'cpu-anomaly bench --quick',
      'cpu-anomaly bench --report bench.html',
      'cpu-anomaly bench --only latency --rate 5000 --json',
      'cpu-anomaly bench --format influx,otlp-json',
    ],
    load: () => import('./bench.ts'),
  },
  {
    name: 'demo',
    summary:
      "start everything, learn what is normal for this machine's CPU, make a burst of load, find it, clean up",
    flags: [{ flags: '--keep', summary: 'leave everything running at the end' }],
    examples: ['cpu-anomaly demo'],
    load: () => import('./demo.ts'),
  },
]
