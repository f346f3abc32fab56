import { CliError } from '../../errors.ts'
import type { JarSet } from '../../package/jars.ts'
import { isPortFree } from '../../system/ports.ts'
import { cacheDir, isComplete, jarsDir } from '../cache.ts'
import { areJarsIntact } from '../install-jars.ts'
import type { DoctorCheck, RuntimeContext } from '../runtime.ts'
import { jarSets } from './install.ts'
import { isSparkInstalled } from './install-python.ts'
import { checkDriverPython, findJava, findPython, requireUserName } from './tools.ts'

const hasJars = async (set: JarSet): Promise<boolean> =>
  (await isComplete(jarsDir(set))) && areJarsIntact(set)

/** Checks that this machine has what the local runtime needs. */
export function localChecks({ env, config }: Pick<RuntimeContext, 'env' | 'config'>): DoctorCheck[] {
  return [
    {
      title: 'user',
      run: async () => requireUserName(),
    },
    {
      title: 'Java',
      run: async () => `Java ${(await findJava(env)).version}`,
    },
    {
      title: 'Python',
      run: async () => {
        const python = await findPython(env)
        await checkDriverPython(python, env)
        return `${python.path} ${python.version}, with venv`
      },
    },
    {
      title: 'installed parts',
      run: async () => {
        const python = await findPython(env)
        const missing = [
          ...((await isSparkInstalled(python.version)) ? [] : ['Spark']),
          ...((await Promise.all(jarSets(config).map(hasJars))).every(Boolean) ? [] : ['connector jars']),
          ...(config.kafka.isGiven || (await hasJars('broker')) ? [] : ['Kafka jars']),
        ]
        return missing.length === 0
          ? `complete, in ${cacheDir()}`
          : `\`up\` will first download ${missing.join(', ')} (about 500 MB) to ${cacheDir()}`
      },
    },
    {
      title: 'loopback interface',
      run: async () => {
        if (await isPortFree(0)) return 'programs can listen on 127.0.0.1'
        throw new CliError('NO_LOOPBACK', 'no program can listen on 127.0.0.1', {
          hint: 'Bring the loopback interface up: `ip link set lo up`.',
        })
      },
    },
  ]
}
