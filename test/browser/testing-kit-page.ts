import * as latchkey from 'latchkey'
import * as testing from 'latchkey/testing'
import { setupWorker } from 'msw/browser'

/** What the tests reach from outside; the page does nothing by itself. */
const kit = { ...latchkey, ...testing, setupWorker }

declare global {
  interface Window {
    readonly kit: typeof kit
  }
}

Object.assign(globalThis, { kit })
