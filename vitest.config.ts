import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: { name: 'unit', include: ['orchestrator/{src,e2e,faults}/**/*.test.ts'], testTimeout: 20_000 },
      },
      {
        test: {
          name: 'e2e',
          include: ['orchestrator/e2e/**/*.e2e.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // They meet real deadlines on a machine that others may use; a test that passes only then is marked as retried.
          retry: process.env.CI ? 1 : 0,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['orchestrator/faults/*.run.ts'],
          // Lines are printed as they come, without a heading each.
          disableConsoleIntercept: true,
          // Each run ends by itself, at a time that its options set.
          testTimeout: 0,
          hookTimeout: 0,
          fileParallelism: false,
        },
      },
    ],
  },
})
