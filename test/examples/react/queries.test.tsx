import { QueryClientProvider, useQuery } from '@tanstack/react-query'
import { act, render, screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { describe, expect, it, vi } from 'vitest'
import { type Auth, AuthProvider } from '../../../examples/react/auth.tsx'
import { createQueries } from '../../../examples/react/queries.ts'
import { baseUrl, network, server } from './api.ts'
import { ADA, createAuth, JOHN } from './app.tsx'

/** A page with one query: whose list it is, by what the API says. */
async function openList(auth: Auth, { isSignedIn = true } = {}) {
  if (isSignedIn) await auth.login(JOHN)
  const queries = createQueries(auth)
  const queryFn = () => auth.http.get('list').json<{ username: string }>()
  function List() {
    const { data, error, status } = useQuery({ queryKey: ['list'], queryFn, retryDelay: 0 })
    return <output>{data?.username ?? error?.name ?? status}</output>
  }
  await act(async () => {
    render(
      <AuthProvider auth={auth}>
        <QueryClientProvider client={queries}>
          <List />
        </QueryClientProvider>
      </AuthProvider>,
    )
  })
  const says = (text: string) => vi.waitFor(() => expect(screen.getByRole('status').textContent).toBe(text))
  return { queries, says, calls: () => server.requestsTo('list').map(({ status }) => status) }
}

describe('a query meets a 401', () => {
  it('and never knows: one renewal and one more try are the client’s', async () => {
    const auth = createAuth()
    await auth.login(JOHN)
    server.expireAccessTokens()

    const { says, calls } = await openList(auth, { isSignedIn: false })

    await says('johndoe')
    expect(calls()).toEqual([401, 200])
    expect(server.refreshes).toBe(1)
  })

  it('that stays: it is not tried again, and nobody is signed out', async () => {
    network.use(http.get(`${baseUrl}/list`, () => HttpResponse.json({}, { status: 401 })))
    const auth = createAuth()
    let calls = 0
    network.events.on('request:start', ({ request }) => {
      if (request.url.endsWith('/list')) calls += 1
    })

    const { says } = await openList(auth)

    await says('HTTPError')
    network.events.removeAllListeners()
    expect(calls).toBe(2) // the client's own second try, and none of the query's
    expect(auth.state.status).toBe('authenticated')
  })

  it('because the session is over: nothing is tried again, and the list waits for somebody to sign in', async () => {
    const auth = createAuth()
    const { says, calls, queries } = await openList(auth)
    await says('johndoe')
    server.revoke('johndoe')

    await act(() => queries.invalidateQueries())

    await says('pending')
    expect(auth.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
    expect(calls()).toEqual([200, 401])
    await act(() => auth.login(JOHN))
    await says('johndoe')
  })
})

it.each([
  [403, 1],
  [404, 1],
  [503, 4],
])('a query that is answered %i is asked %i times', async (status, times) => {
  server.fail('list', { status, times: 9 })

  const { says, calls } = await openList(createAuth())

  await says('HTTPError')
  expect(calls()).toHaveLength(times)
})

it('asks nobody while nobody is signed in, and begins when somebody is', async () => {
  const auth = createAuth()
  const { says, calls } = await openList(auth, { isSignedIn: false })
  await says('pending')

  act(() => void window.dispatchEvent(new Event('visibilitychange')))
  expect(calls()).toEqual([])

  await act(() => auth.login(JOHN))
  await says('johndoe')
  expect(calls()).toEqual([200])
})

it('forgets at sign-out all that was read, on the page and off it', async () => {
  const auth = createAuth()
  const { says, queries } = await openList(auth)
  await says('johndoe')
  queries.setQueryData(['elsewhere'], 'secret')

  await act(() => auth.logout())

  await says('pending')
  expect(
    JSON.stringify(
      queries
        .getQueryCache()
        .getAll()
        .map(({ state }) => state),
    ),
  ).not.toMatch(/johndoe|secret/)
  expect(queries.getQueryData(['elsewhere'])).toBeUndefined()
})

it('shows nothing of one person to the next, who signs in over them', async () => {
  const auth = createAuth()
  const { says, queries } = await openList(auth)
  await says('johndoe')
  const seen: unknown[] = []
  queries.getQueryCache().subscribe(({ query }) => seen.push([auth.state.status, query.state.data]))

  await act(() => auth.login(ADA))

  await says('admin')
  expect(seen).not.toContainEqual(['authenticated', { method: 'GET', path: 'list', username: 'johndoe' }])
})

it('drops an answer that comes after the sign-out', async () => {
  const auth = createAuth()
  server.delay('list', 30)
  const { says, queries } = await openList(auth)

  await act(() => auth.logout())
  await server.settled()

  await says('pending')
  expect(queries.getQueryData(['list'])).toBeUndefined()
})

it('reads nothing anew at a renewal', async () => {
  const auth = createAuth()
  const { says, calls } = await openList(auth)
  await says('johndoe')

  for (let count = 0; count < 5; count += 1) await act(() => auth.getAccessToken({ forceRefresh: true }))

  expect(calls()).toEqual([200])
})
