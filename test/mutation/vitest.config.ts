import { basename, dirname } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import everything from '../../vitest.config.ts'

const folderOf = (path: string) => basename(dirname(path))

/** A mutant's run ends with the first test that fails: what is likely to fail comes first, then what is quick. */
class LikelyFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const folders = this.ctx.config.related?.map(folderOf)
    const ranked = files.map((file) => {
      const before = this.ctx.cache.getTestSpecificationResult(file)
      const group = before?.failed ? 0 : folders?.includes(folderOf(file.moduleId)) ? 1 : 2
      return { file, group, duration: before?.duration ?? 0 }
    })
    return ranked.sort((a, b) => a.group - b.group || a.duration - b.duration).map(({ file }) => file)
  }
}

/** The project `core`, less what takes seconds for thousands of cases: most mutants would pay for them. */
export default defineConfig({
  resolve: everything.resolve ?? {},
  test: {
    environment: './test/happy-dom.ts',
    environmentOptions: { happyDOM: { url: 'http://localhost:3000/' } },
    include: ['test/**/*.test.ts'],
    exclude: [
      '**/node_modules/**',
      'test/{browser,docs,examples,node,package}/**', // not `core`
      'test/{model,storage,storm,worker-apps}/**',
      '**/hostile-*.test.ts',
      'test/session/secrets.test.ts', // counts in `afterAll` what all its tests saw, and a mutant runs only some of them
    ],
    setupFiles: './test/mutation/setup.ts',
    sequence: { sequencer: LikelyFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
