import { readFile } from 'node:fs/promises'
import { parse, YAMLParseError } from 'yaml'
import { z } from 'zod'
import { CliError, errorMessage } from '../../errors.ts'

/** A pod's metadata and spec, as far as they matter here: everything else is passed on. */
const templateSchema = z.looseObject({
  kind: z.literal('Pod').optional(),
  metadata: z.looseObject({}).optional(),
  spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string() })).optional() }).optional(),
})
export type PodTemplate = z.infer<typeof templateSchema>

export const DRIVER_TEMPLATE = 'spark.kubernetes.driver.podTemplateFile'
export const EXECUTOR_TEMPLATE = 'spark.kubernetes.executor.podTemplateFile'

/**
 * The pod template that a property names: a file of this machine.
 * @throws CliError CONFIGURATION when it cannot be read, or is not a pod.
 */
export async function readPodTemplate(
  conf: Readonly<Record<string, string>>,
  property: string,
): Promise<PodTemplate> {
  const file = conf[property]
  if (file === undefined) return {}
  const refuse = (why: string) =>
    new CliError('CONFIGURATION', `SPARK_CONF_${property}=${file}: ${why}`, {
      hint: 'Name a YAML file of this machine with one pod: apiVersion: v1, kind: Pod, spec: ...',
    })
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refuse(errorMessage(error))
  })
  try {
    const parsed = templateSchema.safeParse(parse(text))
    if (parsed.success) return parsed.data
    throw refuse(`not a pod: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`)
  } catch (error) {
    throw error instanceof YAMLParseError ? refuse(error.message) : error
  }
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The template with these fields over it. Objects are merged; of lists of things with names, those of the same name; other
 * lists and values are replaced.
 */
export function over(template: unknown, fields: unknown): unknown {
  if (isFields(template) && isFields(fields)) return overFields(template, fields)
  if (isNamedList(template) && isNamedList(fields)) return overNamed(template, fields)
  return fields === undefined ? template : fields
}

const overFields = (template: Fields, fields: Fields): Fields => {
  const keys = new Set([...Object.keys(template), ...Object.keys(fields)])
  return Object.fromEntries([...keys].map((key) => [key, over(template[key], fields[key])]))
}

const overNamed = (template: readonly Named[], fields: readonly Named[]): unknown[] => [
  ...fields.map((each) => over(template.find(({ name }) => name === each.name) ?? {}, each)),
  ...template.filter(({ name }) => !fields.some((each) => each.name === name)),
]

type Named = Fields & { readonly name: string }

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isNamedList = (value: unknown): value is readonly Named[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((each) => isFields(each) && typeof each.name === 'string')
