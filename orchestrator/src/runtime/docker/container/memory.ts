/** What a JVM takes beside its heap: Spark's own rule for executors (10 %, at least 384 MB). */
const overhead = (heapMb: number): number => Math.max(384, Math.ceil(heapMb / 10))

/** For what shares the container: a worker's own JVM, or the driver's Python and its supervisor. */
const BESIDE_MB = 640

/** Megabytes of a size as Spark writes it: `1g`, `512m`. */
export function megabytes(size: string): number {
  const amount = Number.parseInt(size, 10)
  return size.endsWith('g') ? amount * 1024 : amount
}

/** The memory limit of a container whose main JVM has this heap, in megabytes. */
export function containerLimitMb(heap: string): number {
  const heapMb = megabytes(heap)
  return heapMb + overhead(heapMb) + BESIDE_MB
}
