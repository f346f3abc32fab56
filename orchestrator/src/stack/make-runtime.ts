import type { RuntimeName } from '../config/config.ts'
import { dockerRuntime } from '../runtime/docker/docker-runtime.ts'
import { LocalRuntime } from '../runtime/local/local-runtime.ts'
import type { Runtime, RuntimeContext } from '../runtime/runtime.ts'

export function makeRuntime(name: RuntimeName, context: RuntimeContext): Runtime {
  switch (name) {
    case 'local':
      return new LocalRuntime(context)
    case 'docker':
      return dockerRuntime(context)
  }
}
