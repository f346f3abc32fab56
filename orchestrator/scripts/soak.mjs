// Runs the soak, which docs/reliability.md describes: `npm run test:soak -- --hours 2`.
import { Option, program } from 'commander'
import { asEnvironment, positive, whole } from './arguments.mjs'
import { runNodeTool } from './tools.mjs'

const { hours, mode, seed, faultMinutes, samples, csv } = program
  .name('npm run test:soak --')
  .description(
    'Live load on the local runtime for hours, with a fault now and then; prints a row per minute.',
  )
  .option('--hours <n>', 'how long', positive, 2)
  .addOption(new Option('--mode <name>').choices(['micro-batch', 'real-time']).default('micro-batch'))
  .option('--seed <n>', 'draws the same faults again', whole, 1)
  .option('--fault-minutes <n>', 'minutes between two faults', positive, 15)
  .option('--samples <n>', 'samples per second', positive, 1_000)
  .option('--csv <file>', 'also write the measurements to this file')
  .parse()
  .opts()

const env = asEnvironment({
  SOAK_HOURS: hours,
  SOAK_MODE: mode,
  SOAK_SEED: seed,
  SOAK_FAULT_MINUTES: faultMinutes,
  SOAK_SAMPLES: samples,
  SOAK_CSV: csv,
})
const run = ['run', '--project', 'faults', 'orchestrator/faults/soak.run.ts']
process.exitCode = runNodeTool(`soak, ${hours} h`, 'vitest', run, env) ? 0 : 1
