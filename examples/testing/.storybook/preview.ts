import type { Preview } from '@storybook/react-vite'
import { signedOut } from 'latchkey/testing'
import { setupWorker } from 'msw/browser'
import { mswLoader } from 'msw-storybook-addon/csf3'
import { auth } from '../client.ts'
import { server } from '../server.ts'

async function startWorker() {
  const worker = setupWorker(...server.handlers)
  await worker.start({ onUnhandledFrame: 'bypass' })
  return worker
}

const preview: Preview = {
  loaders: [mswLoader(startWorker)],
  async beforeEach() {
    server.reset()
    await signedOut(auth)
    await auth.start()
  },
}
// biome-ignore lint/style/noDefaultExport: Storybook wants one
export default preview
