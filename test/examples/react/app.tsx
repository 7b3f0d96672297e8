import { QueryClientProvider } from '@tanstack/react-query'
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { AuthClient, type AuthClientOptions, jsonBackend, memoryStorage } from 'latchkey'
import { HttpResponse, http } from 'msw'
import { StrictMode } from 'react'
import { createMemoryRouter, RouterProvider } from 'react-router'
import { afterEach, beforeEach, expect, onTestFinished } from 'vitest'
import { type Auth, AuthProvider } from '../../../examples/react/auth.tsx'
import type { Credentials, User } from '../../../examples/react/client.ts'
import { createQueries } from '../../../examples/react/queries.ts'
import { createRoutes } from '../../../examples/react/routes.tsx'
import { baseUrl, network, server } from './api.ts'

afterEach(() => {
  cleanup()
  localStorage.clear()
})

/** The todos of whoever asks. */
beforeEach(() => {
  const todos = [{ id: '1', title: 'Water the plants' }]
  const list = server.protect(() => HttpResponse.json(todos))
  const add = server.protect(async ({ request }: { request: Request }) => {
    const { title } = (await request.json()) as { title: string }
    todos.push({ id: String(todos.length + 1), title })
    return HttpResponse.json(todos.at(-1), { status: 201 })
  })
  network.use(http.get(`${baseUrl}/todos`, list), http.post(`${baseUrl}/todos`, add))
})

export const JOHN: Credentials = { username: 'johndoe', password: 'password123' }
export const ADA: Credentials = { username: 'admin', password: 'password123' }

/** The app's client, as examples/react/client.ts makes it; gone when the test has finished. */
export function createAuth(options: AuthClientOptions<Credentials, User> = {}): Auth {
  const auth = new AuthClient<Credentials, User>({
    baseUrl,
    backend: jsonBackend({ baseUrl, refreshVia: 'cookie', user: 'me' }),
    storage: memoryStorage(),
    http: { retry: 0 },
    ...options,
  })
  onTestFinished(() => auth.dispose())
  return auth
}

/** The whole app at an address, with nobody signed in unless `auth` says so. */
export async function openApp(auth: Auth, address = '/') {
  const queries = createQueries(auth)
  const router = createMemoryRouter(createRoutes(auth), { initialEntries: [address] })
  onTestFinished(() => router.dispose())
  await act(async () => {
    render(
      <StrictMode>
        <AuthProvider auth={auth}>
          <QueryClientProvider client={queries}>
            <RouterProvider router={router} />
          </QueryClientProvider>
        </AuthProvider>
      </StrictMode>,
    )
  })
  return { queries, router, place: () => router.state.location.pathname + router.state.location.search }
}

/** Fills in the sign-in form, and waits until the server has answered. */
export async function signInWith({ username, password }: Credentials): Promise<void> {
  const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } })
  type('Username', username)
  type('Password', password)
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Sign in' }))
    await server.settled()
  })
  await waitFor(() => expect(screen.queryByRole('button', { name: 'Signing in…' })).toBeNull())
}
