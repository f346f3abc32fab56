let silenced = false

/**
 * Node 24 warns of timers with a negative delay, which kafkajs 2.2.4 sets when its request queue has nothing to wait
 * for. The warning is harmless and of no use to anyone; every other warning stays.
 */
export function silenceTimeoutWarning(): void {
  if (silenced) return
  silenced = true
  const emitWarning = process.emitWarning.bind(process)
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'TimeoutNegativeWarning' && new Error().stack?.includes('kafkajs')) return
    Reflect.apply(emitWarning, process, [warning, ...rest])
  }) as typeof process.emitWarning
}
