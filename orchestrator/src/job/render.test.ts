import { execFileSync } from 'node:child_process'
import { access, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { newFolder } from '../system/folder.fixture.ts'
import { defaultSettings as settings } from './default-settings.fixture.ts'
import type { JobSettings } from './job-settings.ts'
import { renderJob } from './render.ts'
import { readTemplate } from './template.ts'

const HOLE = '"{{SETTINGS_JSON}}"'

describe('renderJob', () => {
  it.each([
    ['no hole', 'x = 1\n', /0 holes/],
    ['a hole without quotes', 'x = {{SETTINGS_JSON}}\n', /token that is not .*: \{\{/],
    ['a hole in single quotes', "x = '{{SETTINGS_JSON}}'\n", /token that is not/],
    ['two holes', `x = ${HOLE}\ny = ${HOLE}\n`, /2 holes/],
    ['an unknown token', `x = ${HOLE}\ny = "{{CHECKPOINT}}"\n`, /"\{\{CHECKPOINT\}\}"/],
    ['an unknown token alone', 'y = "{{settings_json}}"\n', /"\{\{settings_json\}\}"/],
    ['a token that does not end', `x = ${HOLE}\ny = "{{"\n`, /\{\{/],
  ])('refuses a template with %s', (_, template, expected) => {
    expect(() => renderJob(template, settings)).toThrow(expected)
  })

  it('changes nothing but the hole', () => {
    expect(renderJob(`before $& \\1 }}\r\nx = ${HOLE} # after $'\n`, settings)).toBe(
      `before $& \\1 }}\r\nx = ${JSON.stringify(JSON.stringify(settings))} # after $'\n`,
    )
  })

  it('does not fill a hole in the text that it inserted', () => {
    const rendered = renderJob(`x = ${HOLE}`, { ...settings, checkpoint: HOLE })
    expect(rendered.match(/\{\{/g)).toHaveLength(1)
  })
})

const NASTY = [
  `"; __import__('os').system('touch pwned') #`,
  `'''; __import__('os').system('touch pwned') #`,
  `"""\n__import__('os').system('touch pwned')\n"""`,
  '\\"; open("pwned", "w") #',
  '\\',
  '\\N{DIGIT ONE}\\x00\\u0041\\101',
  '{{7*7}}',
  HOLE,
  '$' + '{PATH}',
  '$(id)',
  '`touch pwned`',
  "$& $' $` $1 $$",
  '\u2028\u2029\u0085\r\n\0\u001b[2J\u202e\ufeff',
  '\ud800',
  '\udc00\ud800',
  '\u{1f600}',
  '%s {0} f"{x}"',
  '',
] as const

// Any UTF-16, lone surrogates included.
const anyText = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 12 })
    .map((units) => String.fromCharCode(...units)),
  fc.tuple(fc.constantFrom(...NASTY), fc.constantFrom(...NASTY)).map(([a, b]) => a + b),
)
// JSON has no -0: it is written and read back as 0.
const anyNumber = fc
  .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer())
  .map((number) => number + 0)

const asSettings = (fields: unknown) => fields as JobSettings
const anySettings: fc.Arbitrary<JobSettings> = fc
  .record(Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, anyLike(value)])))
  .map(asSettings)

/** Of the same type as a default; a default of null may be replaced by anything. */
function anyLike(value: unknown): fc.Arbitrary<unknown> {
  if (value === null) return fc.option(fc.oneof(anyNumber, anyText))
  if (typeof value === 'number') return anyNumber
  return typeof value === 'string' ? anyText : fc.dictionary(anyText, anyText, { maxKeys: 3 })
}

// One process for all lines: is each one assignment of one constant, and does that constant hold the settings?
const CHECK = `
import ast, json, sys
template, folder = sys.argv[1:]

def literal(source):
    tree = ast.parse(source)
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)
             and [getattr(target, "id", None) for target in node.targets] == ["SETTINGS_JSON"]]
    assert len(assigned) == 1, assigned
    value = assigned[0].value
    assert isinstance(value, ast.Constant) and type(value.value) is str, ast.dump(value)
    return tree, value

checked = 0
with open(f"{folder}/literals.txt", encoding="ascii", newline="\\n") as literals, \\
        open(f"{folder}/settings.txt", encoding="ascii", newline="\\n") as settings:
    for line, wanted in zip(literals, settings, strict=True):
        tree, value = literal(line)
        assert len(tree.body) == 1, line
        assert value.value.isascii() and value.value.isprintable(), line
        assert json.loads(value.value) == json.loads(wanted), line
        checked += 1

def blanked(path):
    with open(path, encoding="utf-8", newline="") as file:
        tree, value = literal(file.read())
    value.value = ""
    return ast.dump(tree)

wanted = blanked(template)
for index in range(20):
    assert blanked(f"{folder}/job-{index}.py") == wanted, index
print(checked)
`

/** JSON in ASCII, computed differently from the renderer. */
const plainJson = (value: unknown) =>
  [...JSON.stringify(value)].map((char) => (char > '~' ? escaped(char) : char)).join('')
const escaped = (char: string) =>
  char
    .split('')
    .map((unit) => `\\u${(0x10000 + unit.charCodeAt(0)).toString(16).slice(1)}`)
    .join('')

describe('the rendered job, whatever the settings', () => {
  const RUNS = 10_000
  let template: string
  beforeAll(async () => {
    template = await readTemplate()
  })

  it('is the template with one string literal, which Python reads as the settings', {
    timeout: 60_000,
  }, async () => {
    const folder = await newFolder()
    const at = template.indexOf(HOLE)
    const [before, after] = [template.slice(0, at), template.slice(at + HOLE.length)]
    const drawn = fc.sample(anySettings, { numRuns: RUNS, seed: 20_171_026 })
    const literals: string[] = []
    for (const [index, some] of drawn.entries()) {
      const rendered = renderJob(template, some)
      if (!rendered.startsWith(before) || !rendered.endsWith(after))
        throw new Error(`the text around the hole changed for ${JSON.stringify(some)}`)
      literals.push(`SETTINGS_JSON = ${rendered.slice(before.length, rendered.length - after.length)}`)
      if (index < 20) await writeFile(join(folder, `job-${index}.py`), rendered)
    }
    expect(literals.every((literal) => /^[\x20-\x7e]+$/.test(literal))).toBe(true)
    await writeFile(join(folder, 'literals.txt'), `${literals.join('\n')}\n`)
    await writeFile(join(folder, 'settings.txt'), `${drawn.map(plainJson).join('\n')}\n`)
    await writeFile(join(folder, 'template.py'), template)
    const args = ['-c', CHECK, join(folder, 'template.py'), folder]
    const checked = execFileSync('python3', args, { cwd: folder, encoding: 'utf8' })
    expect(checked.trim()).toBe(String(RUNS))
    await expect(access(join(folder, 'pwned'))).rejects.toThrow('ENOENT')
    await expect(access('pwned')).rejects.toThrow('ENOENT')
  })

  it.each(NASTY)('carries %j as text in every field', (text) => {
    const nasty = Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [name, typeof value === 'string' ? text : value]),
    )
    const literal = renderJob(HOLE, asSettings({ ...nasty, kafka_options: { [text]: text } }))
    expect(JSON.parse(JSON.parse(literal))).toEqual({ ...nasty, kafka_options: { [text]: text } })
  })
})
