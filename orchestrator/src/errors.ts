/** Every failure that a user or an environment can cause, and its exit code. */
const EXIT_CODES = {
  NOTHING_COUNTED: 1,
  RESULTS_DIFFER: 1,
  USAGE: 2,
  CONFIGURATION: 2,
  NOT_STARTED: 2,
  NO_SUCH_TOPIC: 2,
  FILE_EXISTS: 2,
  DECLINED: 2,
  DATA_LOSS: 3,
  CHECKPOINT_CONFLICT: 3,
  KAFKA_UNREACHABLE: 4,
  KAFKA_REFUSED: 4,
  CLUSTER_UNREACHABLE: 4,
  CLUSTER_REFUSED: 4,
  PORT_TAKEN: 5,
  NO_LOOPBACK: 5,
  LOCKED: 5,
  OTHER_FOLDER: 5,
  OTHER_PLACE: 5,
  OTHER_USER: 5,
  TOOL_MISSING: 6,
  DOCKER_UNAVAILABLE: 6,
  TOO_LITTLE_MEMORY: 6,
  CHECK_FAILED: 6,
  DOWNLOAD_FAILED: 6,
  STORAGE: 6,
  TOO_MANY_FILES: 6,
  TOO_BUSY: 6,
  QUERY_FAILED: 7,
} as const

export type ErrorCode = keyof typeof EXIT_CODES

export interface CliErrorOptions {
  /** What to do about it: one or more lines. */
  readonly hint?: string
  /** Evidence to show below the message, such as the last lines of a log. */
  readonly details?: readonly string[]
  readonly cause?: unknown
}

/** An expected failure: printed without a stack trace, with a way out. Anything else thrown is our own bug. */
export class CliError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly details: readonly string[]

  constructor(code: ErrorCode, message: string, options: CliErrorOptions = {}) {
    super(message, { cause: options.cause })
    this.name = 'CliError'
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? []
  }

  get exitCode(): number {
    return EXIT_CODES[this.code]
  }
}

export interface AdministratorOptions extends CliErrorOptions {
  /** Lines of a shell script, for the administrator. */
  readonly commands: readonly string[]
  /** What is missing, for programs. */
  readonly facts: Readonly<Record<string, unknown>>
}

/** Something that only an administrator of a given cluster can do. */
export class ForAdministrator extends CliError {
  readonly commands: readonly string[]
  readonly facts: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, { commands, facts, ...options }: AdministratorOptions) {
    super(code, message, {
      hint: 'Give the commands above to an administrator of the cluster, then run this command again. Or use another user.',
      ...options,
    })
    this.commands = commands
    this.facts = facts
  }
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
