/** The environment of the core's tests, for single-file components that are to be compiled for a browser. */
import happyDom from '../../happy-dom.ts'

// biome-ignore lint/style/noDefaultExport: Vitest asks for it
export default { ...happyDom, viteEnvironment: 'client' }
