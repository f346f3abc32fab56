import { afterAll, onTestFailed } from 'vitest'
import { type RuntimeUnderTest, Stack } from './stack.ts'

/**
 * One stack for the tests of a suite, since starting it takes longer than most tests. Each test has topics and a
 * checkpoint of its own. A test that fails takes the stack with it: the next one gets a fresh stack.
 */
export class SharedStack {
  private readonly runtime: RuntimeUnderTest
  private readonly settings: Readonly<Record<string, string>>
  private stack: Stack | undefined
  private tests = 0

  /** Call it in the body of a suite: the removal of the stack begins when the suite ends. */
  constructor(runtime: RuntimeUnderTest, settings: Readonly<Record<string, string>> = {}) {
    this.runtime = runtime
    this.settings = settings
    afterAll(() => this.drop())
  }

  /** The stack that runs, with the job of the last test; undefined if there is none. */
  get running(): Stack | undefined {
    return this.stack
  }

  /**
   * The stack, up, with topics that no other test uses, and without a job. The job that the last test left is stopped
   * only now, so that the last job of the suite still runs when a test takes the stack down. Submit with
   * `--new-checkpoint`.
   */
  async forTest(settings: Readonly<Record<string, string>> = {}): Promise<Stack> {
    onTestFailed(() => this.drop())
    this.tests += 1
    const topics = {
      INPUT_TOPIC: `cpu-usage-${this.tests}`,
      OUTPUT_TOPIC: `anomaly-${this.tests}`,
      DEAD_LETTER_TOPIC: `cpu-usage-${this.tests}.dead-letter`,
    }
    const all = { ...this.settings, ...topics, ...settings }
    if (this.stack) {
      await this.stack.ok('stop')
      await this.stack.configure(all)
      return this.stack
    }
    this.stack = await Stack.prepare(this.runtime)
    await this.stack.configure(all)
    await this.stack.ok('up')
    return this.stack
  }

  private drop(): void {
    this.stack?.removeLater()
    this.stack = undefined
  }
}
