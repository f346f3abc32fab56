// The whole gate: types, lint, format, unused code, and the unit tests of both languages.
import { nodeTool, pythonTools, runTool, say } from './tools.mjs'

const python = await pythonTools()
const checks = [
  () => runTool('types', nodeTool('tsc'), ['-p', '.']),
  () => runTool('lint and format', nodeTool('biome'), ['ci', '.']),
  () => runTool('unused code', nodeTool('knip'), []),
  () => python('lint of the job', ['ruff', 'check', '.']),
  () => python('format of the job', ['ruff', 'format', '--check', '.']),
  () => python('types of the job', ['mypy']),
  () => runTool('unit tests', nodeTool('vitest'), ['run', '--project', 'unit']),
  () => python('unit tests of the job', ['pytest']),
]
const failed = checks.filter((check) => !check()).length
say(failed === 0 ? '\nAll checks passed.' : `\n${failed} of ${checks.length} checks failed.`)
process.exitCode = failed === 0 ? 0 : 1
