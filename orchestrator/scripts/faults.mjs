// Runs the fault suite, which docs/reliability.md describes: `npm run test:faults -- --seed 7 --minutes 60`.
import { Option, program } from 'commander'
import { asEnvironment, pattern, positive, whole } from './arguments.mjs'
import { runNodeTool } from './tools.mjs'

const { seed, minutes, runtime, mode, only } = program
  .name('npm run test:faults --')
  .description(
    'Faults drawn from a seed, one after another, on real stacks under load; prints a line per fault.',
  )
  .option('--seed <n>', 'repeats the run with this seed', whole, Date.now() % 1_000_000)
  .option('--minutes <n>', 'how long at least; shared by the runtimes and modes', positive, 10)
  .addOption(new Option('--runtime <name>', 'only this runtime').choices(['local', 'docker']))
  .addOption(new Option('--mode <name>', 'only this mode').choices(['micro-batch', 'real-time']))
  .option('--only <pattern>', 'only faults whose name matches this regular expression', pattern)
  .parse()
  .opts()

const env = asEnvironment({
  FAULTS_SEED: seed,
  FAULTS_MINUTES: minutes,
  FAULTS_RUNTIME: runtime,
  FAULTS_MODE: mode,
  FAULTS_ONLY: only,
})
const run = ['run', '--project', 'faults', 'orchestrator/faults/faults.run.ts']
process.exitCode = runNodeTool(`faults, seed ${seed}, ${minutes} min`, 'vitest', run, env) ? 0 : 1
