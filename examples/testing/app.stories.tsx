import type { Meta, StoryObj } from '@storybook/react-vite'
import { signedIn } from 'latchkey/testing'
import { App } from './app.tsx'
import { auth } from './client.ts'
import { server } from './server.ts'

const meta: Meta<typeof App> = { component: App }
// biome-ignore lint/style/noDefaultExport: Storybook wants one
export default meta

export const SignedOut: StoryObj<typeof App> = {}

export const Administrator: StoryObj<typeof App> = {
  async beforeEach() {
    await signedIn(auth, { sub: 'u2' }, { user: { name: 'Ada', roles: ['admin'] } })
  },
}

export const Failing: StoryObj<typeof App> = {
  async beforeEach() {
    server.fail('todos', { kind: 'html', times: Number.POSITIVE_INFINITY })
    await auth.login({ username: 'johndoe', password: 'password123' })
  },
  async play({ canvas, userEvent }) {
    await userEvent.click(canvas.getByRole('button', { name: 'Load' }))
  },
}
