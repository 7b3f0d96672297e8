import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import webpack, { type Configuration, type Stats } from 'webpack'
import { keepsItsPromises } from './promises.ts'
import { setTheScene } from './scene.ts'
import { filesOf } from './site.ts'

/** As `webpack` on the command line would, with next to no options. */
function pack(options: Configuration): Promise<Stats> {
  return new Promise((resolve, reject) => {
    const compiler = webpack(options)
    compiler?.run((error, stats) => {
      compiler.close(() => {
        if (error || !stats || stats.hasErrors() || stats.hasWarnings()) reject(error ?? new Error(stats?.toString()))
        else resolve(stats)
      })
    })
  })
}

keepsItsPromises(
  setTheScene(async (context, site) => {
    const folder = join(context, 'dist')
    await pack({ context, mode: 'production', entry: './main.js', output: { path: folder } })
    writeFileSync(
      join(folder, 'index.html'),
      '<!doctype html><body></body><script type="module" src="main.js"></script>',
    )
    site.serve = filesOf(folder)
    return async () => undefined
  }),
)
