/** What the tests in Chromium reach from outside: the app's axios, and its server in the page. */
import { mockAuthServer } from 'latchkey/testing'
import { setupWorker } from 'msw/browser'
import { auth, baseUrl } from './auth.ts'
import { xhr } from './axios-xhr.ts'

const server = mockAuthServer({ baseUrl })
const app = { auth, xhr, server, worker: setupWorker(...server.handlers) }

declare global {
  interface Window {
    readonly app: typeof app
  }
}

Object.assign(globalThis, { app })
