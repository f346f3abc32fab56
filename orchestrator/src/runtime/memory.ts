/** Memory of a JVM outside its heap, by Spark's rule for executors (spark.executor.memoryOverhead: 10 %, at least 384 MB). */
const overhead = (heapMb: number): number => Math.max(384, Math.ceil(heapMb / 10))

/** For the other processes of the container: a worker's own JVM, or the driver's Python and its supervisor. */
const BESIDE_MB = 640

/** A size as Spark writes it (`1g`, `512m`), in megabytes. */
export function megabytes(size: string): number {
  const amount = Number.parseInt(size, 10)
  return size.endsWith('g') ? amount * 1024 : amount
}

/** The memory limit of a container whose main JVM has this heap, in megabytes. */
export function containerLimitMb(heap: string): number {
  const heapMb = megabytes(heap)
  return heapMb + overhead(heapMb) + BESIDE_MB
}
