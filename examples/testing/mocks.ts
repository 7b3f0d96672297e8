import { setupWorker } from 'msw/browser'
import { server } from './server.ts'

declare global {
  interface Window {
    server: typeof server
  }
}

window.server = server
await setupWorker(...server.handlers).start({ onUnhandledFrame: 'bypass' })
