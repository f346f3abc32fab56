import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, extname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from './package/root.ts'
import { buildProgram } from './program.ts'

const read = (...path: string[]) => readFileSync(join(packageRoot, ...path), 'utf8')

/** Files below a folder of the package, by their path from its root. */
const filesIn = (folder: string) =>
  readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
    join(folder, file),
  )

const pages = filesIn('docs').filter((file) => file.endsWith('.md'))
const sources = [...filesIn('orchestrator'), ...filesIn('spark-job'), ...filesIn('infra')]

/** The lines of code blocks, and the code spans of all other lines, each as [line of the page, code]. */
function codeOf(text: string): [line: string, code: string][] {
  let isFenced = false
  return text.split('\n').flatMap((line): [string, string][] => {
    if (line.startsWith('```')) isFenced = !isFenced
    if (isFenced || line.startsWith('    ')) return [[line, line]]
    return spans(line).map((code) => [line, code])
  })
}

const spans = (markdown: string) => [...markdown.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

describe('the links', () => {
  const documents = [...readdirSync(packageRoot).filter((file) => file.endsWith('.md')), ...pages]

  it.each(documents)('of %s lead to a file, and to a heading in it', (document) => {
    const targets = [...read(document).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(
      ([, target = '']) => target,
    )
    expect(targets.filter((target) => !leadsSomewhere(document, target))).toEqual([])
  })

  function leadsSomewhere(document: string, target: string): boolean {
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? document : relative(packageRoot, resolve(packageRoot, dirname(document), path))
    if (!existsSync(join(packageRoot, file))) return false
    return anchor === undefined || headingAnchors(read(file)).includes(anchor)
  }

  /** As GitHub makes them: lower case, without punctuation, spaces as hyphens. */
  const headingAnchors = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    )
})

describe('the messages that README.md quotes', () => {
  const [before = '', table = ''] = read('README.md').split('## When something goes wrong')
  const quotes = table
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((row) => spans(row.split('|')[1] ?? ''))
    .filter((quote) => quote.includes(' ')) // a single word is a command
  const code = sources
    .filter(
      (file) =>
        /^(?:orchestrator\/src|spark-job)\/.*\.(?:ts|py)$/.test(file) && !/\.test\.|\/tests\//.test(file),
    )
    .map((file) => withoutComments(read(file)))
    .join('\n')

  it.each(quotes)('in its table of failures: %s', (quote) => {
    expect(code).toMatch(new RegExp(pattern(quote)))
  })

  const shown = (before.match(/^```\n([\s\S]*?)^```/m)?.[1] ?? '')
    .split('\n')
    .filter((line) => /^[^$]/.test(line))
  const messages = [...code.matchAll(/"[^"\n]*"|'[^'\n]*'|`[^`]*`/g)]
    .map(([literal]) => literal.slice(1, -1).replace(/\$\{[^{}]*\}/g, '…'))
    .filter((message) => message.replaceAll('…', '').length >= 8)
    .map((message) => new RegExp(`(?:^|  )${pattern(message)}$`))

  it.each(shown)('in its example: %s', (line) => {
    const text = line.replace(/^✔ (.*) \([\d.]+ s\)$/, '$1')
    expect(messages.some((message) => message.test(text))).toBe(true)
  })

  it('are found', () => expect([quotes.length > 5, shown.length > 5]).toEqual([true, true]))

  /** A regular expression for a message in which `…` is any text within the line. */
  function pattern(message: string): string {
    return message
      .split('…')
      .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')
  }

  function withoutComments(text: string): string {
    return text.replace(/\/\*[\s\S]*?\*\/|"""[\s\S]*?"""|^\s*(?:\/\/|#).*$/gm, '')
  }
})

describe('the command line', () => {
  const program = buildProgram(new AbortController().signal)
  const flagsOf = (options: typeof program.options) => options.map(({ long }) => long ?? '')
  const everywhere = ['--help', '--version', ...flagsOf(program.options)]
  const commands = new Map(
    program.commands.map((command) => [command.name(), [...everywhere, ...flagsOf(command.options)]]),
  )
  const allFlags = new Set([...commands.values()].flat())
  /** Flags of spark-submit, which the pages name without the program. */
  const foreign = ['--jars', '--py-files']

  it.each(['README.md', ...pages])('has every command and every flag that %s names', (document) => {
    const unknown = codeOf(read(document)).flatMap(([line, code]) =>
      code.split(/&&|\|/).flatMap((call) => unknownIn(call, commandOfRow(line))),
    )
    expect(unknown).toEqual([])
  })

  /** The unknown command or flags in a call of cpu-anomaly, or in flags alone. Calls of other programs are skipped. */
  function unknownIn(call: string, row: string | undefined): string[] {
    const words = (call.split(' # ')[0] ?? '')
      .replace(/^[\s$]*(?:[A-Z_]+=\S+ )*(?:npx )?/, '')
      .split(/\s+/)
      .filter((word) => word !== '')
    const isCall = words[0] === 'cpu-anomaly'
    const rest = isCall ? words.slice(1) : words
    const isName = (word: string) => !word.startsWith('--')
    const name = isCall ? rest.find(isName) : rest.slice(0, 1).find(isName)
    if (name !== undefined && !commands.has(name)) return isCall ? [`cpu-anomaly ${name}`] : []
    const known = commands.get(name ?? row ?? '') ?? [...allFlags]
    return rest
      .filter((word) => /^--[a-z]/.test(word) && ![...known, ...foreign].includes(word))
      .map((flag) => [name ?? row, flag].filter(Boolean).join(' '))
  }

  /** In a table whose first cell is a command, the flags of a row belong to it. */
  function commandOfRow(line: string): string | undefined {
    const [name = ''] = line.match(/(?<=^\| `)[a-z]+(?=[` ])/) ?? []
    return commands.has(name) ? name : undefined
  }
})

describe('the files', () => {
  /** Folders to which the paths in the pages are relative. */
  const roots = ['', 'orchestrator', 'orchestrator/src', 'orchestrator/e2e', 'spark-job']
  const names = new Set(sources.map((file) => basename(file)))
  const isSource = (code: string) => /^[\w./-]+\.(?:ts|mjs|py|sh|properties|lock\.json)$/.test(code)

  it.each(['README.md', 'CONTRIBUTING.md', ...pages])('that %s names exist', (document) => {
    const named = codeOf(read(document)).flatMap(([, code]) => (isSource(code) ? [code] : []))
    const missing = named.filter(
      (path) =>
        !roots.some((root) => existsSync(join(packageRoot, root, path))) &&
        !(path === basename(path) && names.has(path)),
    )
    expect(missing).toEqual([])
  })
})

describe('the reasons of dead letters', () => {
  const jobs = sources.filter((file) => file.startsWith('spark-job') && extname(file) === '.py')
  const [, list = ''] =
    jobs
      .map((file) => read(file))
      .join('\n')
      .match(/^REASONS = \(([\s\S]*?)^\)/m) ?? []
  const reasons = [...list.matchAll(/"(\w+)"/g)].map(([, reason = '']) => reason)

  it('are the rows of their table in docs/reference.md', () => {
    const [, table = ''] = read('docs', 'reference.md').split('| reason |')
    const rows = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)`/gm)].map(([, reason]) => reason)
    expect(rows).toEqual(reasons)
    expect(reasons).not.toEqual([])
  })
})
