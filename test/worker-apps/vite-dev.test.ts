import { createServer } from 'vite'
import { keepsItsPromises } from './promises.ts'
import { setTheScene } from './scene.ts'

/** Fetches a module and all that it imports, as a browser does. */
async function fetchModules(url: URL, known = new Set<string>()): Promise<void> {
  if (known.has(url.href)) return
  known.add(url.href)
  const text = await (await fetch(url)).text()
  for (const [, path = ''] of text.matchAll(/^(?:import|export)\b.*? from "(.+?)"/gm))
    await fetchModules(new URL(path, url), known)
}

keepsItsPromises(
  setTheScene(async (root, site) => {
    const vite = await createServer({
      root,
      configFile: false,
      logLevel: 'warn',
      server: { middlewareMode: true, hmr: false, watch: null },
    })
    site.serve = vite.middlewares
    // A first visit, at which Vite finds the packages and bundles them: a worker that takes so long is done without.
    await fetchModules(new URL('/main.js', site.origin))
    await fetchModules(new URL('/refresh.worker.js?worker_file&type=module', site.origin))
    return () => vite.close()
  }),
)
