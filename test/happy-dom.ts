/**
 * The environment of the core's tests: window, document, storage and events are happy-dom's. Whatever a request is
 * made of stays Node's, since msw, `fetch` and streams know only their own classes.
 */
import { builtinEnvironments, type Environment } from 'vitest/runtime'

const natives = [
  'AbortController',
  'AbortSignal',
  'Blob',
  'DOMException',
  'fetch',
  'File',
  'FormData',
  'Headers',
  'MessagePort',
  'Request',
  'Response',
  'URL',
  'URLSearchParams',
]
/** What happy-dom prints, as browsers do, of requests that come to no good: tests see for themselves. */
const ofRequests = /^([A-Z]+ \S+ \d{3} \(.*\)|Error: socket hang up)$/

export default {
  name: 'happy-dom-with-native-fetch',
  viteEnvironment: 'ssr',
  async setup(global, options) {
    const kept = natives.map((name) => [name, Object.getOwnPropertyDescriptor(global, name)] as const)
    const { console } = global
    const error = (...said: unknown[]): void => {
      if (!ofRequests.test(String(said[0]))) console.error(...said)
    }
    global.console = { ...console, error } // happy-dom takes it from there, and nobody else
    const happyDom = await builtinEnvironments['happy-dom'].setup(global, options)
    global.console = console
    for (const [name, descriptor] of kept) {
      if (descriptor) Object.defineProperty(global, name, descriptor)
    }
    return happyDom
  },
} satisfies Environment
