import { join } from 'node:path'
import { build } from 'vite'
import { keepsItsPromises } from './promises.ts'
import { setTheScene } from './scene.ts'
import { filesOf } from './site.ts'

keepsItsPromises(
  setTheScene(async (root, site) => {
    await build({ root, configFile: false, logLevel: 'silent' })
    site.serve = filesOf(join(root, 'dist'))
    return async () => undefined
  }),
)
