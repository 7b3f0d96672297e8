import { act, waitFor } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { Suspense, use } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, it, onTestFinished, vi } from 'vitest'
import { type Auth, AuthProvider, useAuthState } from '../../../examples/react/auth.tsx'
import { hydratePage } from '../../../examples/react/ssr/browser.tsx'
import { renderPage } from '../../../examples/react/ssr/server.tsx'
import { baseUrl, network, server } from './api.ts'
import { createAuth } from './app.tsx'

const USER = { id: 'u1', username: 'johndoe', name: 'John Doe', roles: ['user'] }

/** Renders on the server, and hydrates in the browser; `complaints` is what React says about differences. */
async function open(isSignedIn: boolean) {
  const complaints: unknown[] = []
  const complain = (...words: unknown[]) => void complaints.push(words)
  vi.spyOn(console, 'error').mockImplementation(complain)
  network.use(http.get(`${baseUrl}/todos`, () => HttpResponse.json([{ id: '1', title: 'Water the plants' }])))
  const { accessToken = '', lifetime = 0 } = await server.issueTokens('johndoe')
  const tokens = { accessToken, expiresAt: Date.now() + lifetime, user: USER }
  document.body.innerHTML = await renderPage(baseUrl, isSignedIn ? tokens : undefined)
  const rendered = document.getElementById('app')?.firstElementChild
  let page: ReturnType<typeof hydratePage> | undefined
  await act(async () => {
    page = hydratePage(baseUrl, { onRecoverableError: complain })
  })
  if (!page) throw new Error('Nothing was hydrated.')
  const { auth, root } = page
  onTestFinished(() => {
    act(() => root.unmount())
    auth.dispose()
    vi.restoreAllMocks()
  })
  return { auth, rendered, complaints }
}

const app = () => document.getElementById('app')

it('takes over what the server rendered for somebody who is signed in, without a difference', async () => {
  const { auth, rendered, complaints } = await open(true)

  expect(complaints).toEqual([])
  expect(app()?.firstElementChild).toBe(rendered)
  expect(app()?.textContent).toBe('Welcome back, John DoeWater the plants')
  expect(auth.state).toMatchObject({ status: 'authenticated', user: USER })
})

it('goes on with that session: the token serves, and renewals change nothing on the page', async () => {
  const { auth, rendered, complaints } = await open(true)
  await auth.start()
  network.resetHandlers()

  expect((await auth.http.get('todos')).status).toBe(200)
  expect(server.refreshes).toBe(0)
  await act(() => auth.getAccessToken({ forceRefresh: true }))
  expect(server.refreshes).toBe(1)

  expect(app()?.firstElementChild).toBe(rendered)
  expect(complaints).toEqual([])
})

it('hydrates the page of somebody unknown, and then shows the session that the browser has', async () => {
  localStorage.setItem('latchkey.mark', '1')
  const { complaints } = await open(false)

  await waitFor(() => expect(app()?.textContent).toBe('Welcome back, John Doe'))

  expect(complaints).toEqual([])
})

it('hydrates late parts as the server rendered them, although the session has ended meanwhile', async () => {
  const { Late, arrive } = createLatePart()
  const complaints: unknown[] = []
  vi.spyOn(console, 'error').mockImplementation((...words) => void complaints.push(words))
  onTestFinished(() => void vi.restoreAllMocks())
  const make = () => createAuth({ initial: { accessToken: 'opaque', user: USER } })
  const [server, auth] = [make(), make()]
  const tree = (client: Auth, isServer: boolean) => (
    <AuthProvider auth={client}>
      <Suspense>
        <Late isServer={isServer} />
      </Suspense>
    </AuthProvider>
  )
  const box = document.createElement('div')
  box.innerHTML = renderToString(tree(server, true))
  const rendered = box.querySelector('output')
  const onRecoverableError = (error: unknown) => complaints.push(error)
  const root = await act(async () => hydrateRoot(box, tree(auth, false), { onRecoverableError }))

  await act(() => auth.logout()) // before the part has come
  expect(box.textContent).toBe('John Doe')
  await act(async () => arrive())

  expect(box.textContent).toBe('nobody')
  expect(box.querySelector('output')).toBe(rendered)
  expect(complaints).toEqual([])
  act(() => root.unmount())
})

/** A part whose code comes late to the browser. */
function createLatePart() {
  const { promise, resolve } = Promise.withResolvers<void>()
  function Late({ isServer }: { isServer: boolean }) {
    if (!isServer) use(promise)
    return <output>{useAuthState((state) => (state.status === 'authenticated' ? state.user?.name : 'nobody'))}</output>
  }
  return { Late, arrive: resolve }
}
