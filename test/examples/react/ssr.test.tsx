// @vitest-environment node
import { HttpResponse, http } from 'msw'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { User } from '../../../examples/react/client.ts'
import { renderPage } from '../../../examples/react/ssr/server.tsx'
import { baseUrl, network, server } from './api.ts'

const PEOPLE = { johndoe: 'John Doe', admin: 'Ada Admin' }

/** The tokens that a server has of somebody who asks for a page. */
async function tokensOf(username: keyof typeof PEOPLE) {
  const { accessToken, lifetime = 0 } = await server.issueTokens(username)
  const user: User = { id: username, username, name: PEOPLE[username], roles: [] }
  return { ...(accessToken && { accessToken }), expiresAt: Date.now() + lifetime, user }
}

/** Lets the API answer with a list that names the token's owner, when `wait` lets it. */
function serveTodos(wait: (token: string | null) => Promise<unknown> = async () => undefined) {
  const list = server.protect(async ({ request }: { request: Request }) => {
    const token = request.headers.get('authorization')
    await wait(token)
    const { sub } = JSON.parse(atob(token?.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''))
    return HttpResponse.json([{ id: '1', title: `A list of ${sub}` }])
  })
  network.use(http.get(`${baseUrl}/todos`, list))
}

it('renders a signed-in page for who has a token, with what the API gives them', async () => {
  serveTodos()

  const html = await renderPage(baseUrl, await tokensOf('johndoe'))

  expect(html).toContain('<h1>Welcome back, <!-- -->John Doe</h1><ul><li>A list of u1</li></ul>')
})

it('never mixes two people who ask at the same time', async () => {
  const [john, ada] = [await tokensOf('johndoe'), await tokensOf('admin')]
  const [johnAsks, adaIsDone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  serveTodos(async (token) => {
    if (token !== `Bearer ${john.accessToken}`) return johnAsks.promise
    johnAsks.resolve()
    return adaIsDone.promise
  })

  const forJohn = renderPage(baseUrl, john) // stands in the middle, until Ada's page is done
  const forAda = await renderPage(baseUrl, ada)
  adaIsDone.resolve()

  expect(forAda).toContain('Ada Admin')
  expect(forAda).toContain('A list of u2')
  expect(forAda).toContain(ada.accessToken)
  expect(forAda).not.toMatch(/John|A list of u1/)
  expect(await forJohn).toContain('John Doe')
  expect(await forJohn).toContain('A list of u1')
  expect(await forJohn).toContain(john.accessToken)
  expect(await forJohn).not.toMatch(/Ada Admin|A list of u2/)
})

it('serves fifty requests of two people at once, each their own', async () => {
  const tokens = [await tokensOf('johndoe'), await tokensOf('admin')] as const
  serveTodos(() => new Promise((resolve) => setTimeout(resolve, Math.random() * 20)))

  const pages = await Promise.all(Array.from({ length: 50 }, (_, index) => renderPage(baseUrl, tokens[index % 2])))

  pages.forEach((html, index) => {
    expect(html).toContain(index % 2 ? 'Ada Admin' : 'John Doe')
    expect(html).toContain(index % 2 ? 'A list of u2' : 'A list of u1')
  })
})

it('calls nobody for a page that nobody is signed in to, or not any more', async () => {
  const old = { ...(await tokensOf('johndoe')), expiresAt: Date.now() - 1 }

  for (const html of [await renderPage(baseUrl), await renderPage(baseUrl, old)]) {
    expect(html).toContain('Looking for a session…')
    expect(html).not.toContain(old.accessToken)
  }
  expect(server.requests).toEqual([])
})

it.each(['503', 'no answer', 'a revoked token'])(
  'renders the page that looks for a session, at once, on %s',
  async (how) => {
    const tokens = await tokensOf('johndoe')
    if (how === 'a revoked token') server.revoke('johndoe')
    else server.fail('todos', how === '503' ? { status: 503, times: 9 } : { kind: 'connection-error', times: 9 })

    const html = await renderPage(baseUrl, tokens)

    expect(html).toContain('Looking for a session…')
    expect(html).not.toContain(tokens.accessToken)
    expect(html).not.toContain('John Doe')
    expect(server.requests).toHaveLength(1)
  },
)

it('lets no name end the script that carries the data', async () => {
  serveTodos()
  const tokens = await tokensOf('johndoe')

  const html = await renderPage(baseUrl, { ...tokens, user: { ...tokens.user, name: '</script><script>alert(1)' } })

  expect(html.match(/<\/?script/g)).toHaveLength(2)
})

it('leaves nothing behind when the page is done, and when it could not be', async () => {
  const listeners = new Set<string>()
  vi.stubGlobal('window', {
    addEventListener(type: string, _listener: unknown, { signal }: { signal: AbortSignal }) {
      listeners.add(type)
      signal.addEventListener('abort', () => listeners.delete(type))
    },
  })
  onTestFinished(() => void vi.unstubAllGlobals())
  const during: number[] = []
  serveTodos(async () => during.push(listeners.size))

  await renderPage(baseUrl, await tokensOf('johndoe'))
  expect(listeners.size).toBe(0)
  server.fail('todos', { status: 418 })
  network.resetHandlers()
  await renderPage(baseUrl, await tokensOf('johndoe'))

  expect(during[0]).toBeGreaterThan(0)
  expect(listeners.size).toBe(0)
})
