import type { CommandSpec, FlagSpec } from '../cli/command.ts'
import { wholeNumber } from '../cli/flags.ts'

const JSON_FLAG: FlagSpec = { flags: '--json', summary: 'print JSON, one object a line' }

/** Every command with its flags. Light on purpose: a command's own code is imported only when it runs. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'write a commented .env with every setting and its default',
    flags: [{ flags: '--force', summary: 'replace an existing .env (it is kept as .env.bak)' }],
    examples: ['cpu-anomaly init'],
    load: () => import('./init.ts'),
  },
  {
    name: 'up',
    summary: 'start Kafka and Spark and create the topics; repairs what is half up',
    flags: [
      {
        flags: '--workers <count>',
        summary: 'Spark workers (docker runtime), as SPARK_WORKERS',
        parse: wholeNumber(1),
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
      { flags: '--foreground', summary: 'stay, show the progress, and stop the job on Ctrl-C' },
      { flags: '--new-checkpoint', summary: 'set the old checkpoint aside and begin a new one' },
      {
        flags: '--timeout-seconds <n>',
        summary: 'how long the first commit may take (default 180)',
        parse: wholeNumber(1),
      },
      JSON_FLAG,
    ],
    examples: ['cpu-anomaly submit', 'cpu-anomaly submit --dry-run', 'cpu-anomaly submit --new-checkpoint'],
    load: () => import('./submit.ts'),
  },
  {
    name: 'tail',
    summary: 'print results as they arrive',
    args: [{ name: '[topic]', summary: 'a topic (default: the output topic)' }],
    flags: [
      JSON_FLAG,
      {
        flags: '--from <position>',
        summary: 'earliest, latest, -N (the last N records) or an ISO time (default latest)',
      },
      { flags: '--limit <n>', summary: 'end after this many lines', parse: wholeNumber(1) },
      { flags: '--final', summary: 'one line a window, when it can no longer change' },
      { flags: '--all', summary: 'SAFE windows too' },
      { flags: '--status <list>', summary: 'which to show: safe,warn,error' },
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
    args: [{ name: '[file]', summary: 'CSV of time_millis,cpu; - for standard input' }],
    flags: [
      { flags: '--live', summary: "sample this machine's own CPU until Ctrl-C" },
      { flags: '--rate <rows/s>', summary: 'no faster than this', parse: wholeNumber(1) },
      { flags: '--now', summary: 're-stamp the samples so that they end in the present' },
      {
        flags: '--batch <n>',
        summary: 'samples a record, one a line (default 1)',
        parse: wholeNumber(1, 1_000),
      },
      { flags: '--key <name>', summary: "the records' key (default: this machine's name)" },
      { flags: '--seconds <n>', summary: 'with --live: end after this long', parse: wholeNumber(1) },
      JSON_FLAG,
    ],
    examples: [
      'cpu-anomaly produce cpu_usage.csv',
      'cpu-anomaly produce cpu_usage.csv --batch 100',
      'cpu-anomaly produce --live',
      'cat more.csv | cpu-anomaly produce -',
    ],
    load: () => import('./produce.ts'),
  },
  {
    name: 'status',
    summary: 'what runs, and how far the query is',
    flags: [JSON_FLAG, { flags: '--watch', summary: 'again every second until Ctrl-C' }],
    examples: ['cpu-anomaly status', 'cpu-anomaly status --json'],
    load: () => import('./status.ts'),
  },
  {
    name: 'logs',
    summary: 'show a log; the driver prints WARN and ERROR windows there',
    args: [{ name: '[part]', summary: 'kafka, spark or driver (default driver)' }],
    flags: [
      { flags: '-f, --follow', summary: 'go on as it grows' },
      { flags: '-n, --lines <n>', summary: 'how many of the last lines (default 50)', parse: wholeNumber(0) },
    ],
    examples: ['cpu-anomaly logs driver -f', 'cpu-anomaly logs kafka -n 200'],
    load: () => import('./logs.ts'),
  },
  {
    name: 'stop',
    summary: 'stop the job cleanly; Kafka and Spark stay up',
    flags: [JSON_FLAG],
    examples: ['cpu-anomaly stop'],
    load: () => import('./stop.ts'),
  },
  {
    name: 'down',
    summary: 'stop everything this folder started, and prove that it is gone',
    flags: [
      { flags: '--volumes', summary: "remove Kafka's data and the checkpoint too, after asking" },
      { flags: '--yes', summary: 'do not ask' },
      JSON_FLAG,
    ],
    examples: ['cpu-anomaly down', 'cpu-anomaly down --volumes --yes'],
    load: () => import('./down.ts'),
  },
  {
    name: 'doctor',
    summary: 'check this machine and the settings, with what to do about each failure',
    flags: [JSON_FLAG],
    examples: ['cpu-anomaly doctor'],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'config',
    summary: 'the settings as they are resolved, with the origin of each',
    flags: [JSON_FLAG],
    examples: ['cpu-anomaly config', 'NORMAL_MEAN=20 cpu-anomaly config --json'],
    load: () => import('./config.ts'),
  },
  {
    name: 'bench',
    summary: 'measure throughput, latency and scaling of this machine, with topics of its own',
    flags: [
      { flags: '--quick', summary: 'smaller sizes: under three minutes instead of about twelve' },
      { flags: '--only <sections>', summary: 'throughput, latency, scaling, or some of them with commas' },
      {
        flags: '--rate <samples/s>',
        summary: 'at which latency is measured (default 1000)',
        parse: wholeNumber(1),
      },
      JSON_FLAG,
      { flags: '--report <file>', summary: 'write a page with tables and plots (HTML, works offline)' },
      { flags: '--beside-live-job', summary: 'measure although a job runs in this folder' },
    ],
    examples: [
      'cpu-anomaly bench --quick',
      'cpu-anomaly bench --report bench.html',
      'cpu-anomaly bench --only latency --rate 5000 --json',
    ],
    load: () => import('./bench.ts'),
  },
  {
    name: 'demo',
    summary: 'the whole tour: start, detect anomalies in an hour of CPU and in your own, clean up',
    flags: [{ flags: '--keep', summary: 'leave everything running at the end' }],
    examples: ['cpu-anomaly demo'],
    load: () => import('./demo.ts'),
  },
]
