import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageRoot } from '../package/root.ts'

/** The job as it is shipped: Python that can be imported, with one hole. */
export const templateFile = join(packageRoot, 'spark-job', 'job.py')

export const readTemplate = (): Promise<string> => readFile(templateFile, 'utf8')
