import { beforeEach, inject, vi } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** From Stryker. */
    mode?: 'dry-run' | 'mutant'
  }
}

// A mutant that hangs is found sooner; without one, a busy machine gets its time.
if (inject('mode') === 'mutant') vi.setConfig({ testTimeout: 15_000, hookTimeout: 15_000 })

// A test that asks for more time than the others runs thousands of cases. Besides the time, Stryker takes a mutant for
// an endless loop only when it runs 100 times as often as in all tests without a mutant.
beforeEach(({ task, skip }) => skip(task.timeout > 30_000, 'too slow for each mutant'))
