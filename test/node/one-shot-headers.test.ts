import { AuthClient } from 'latchkey'
import { expect, it } from 'vitest'

const once = (): HeadersInit => new Map([['x-a', '1']]).entries() as unknown as HeadersInit

// Here and not with the tests of requests: msw reads such headers itself.
it('headers that can be read once leave with each request, and with its replay, whoever is signed in', async () => {
  const sent: string[] = []
  const auth = new AuthClient({
    baseUrl: 'https://api.test',
    fetch: async (input, init) => {
      const isRefresh = String(input).endsWith('/refresh')
      if (!isRefresh) sent.push([...new Headers(init?.headers)].join())
      if (isRefresh) return Response.json({ access_token: 'b', expires_in: 60 })
      return new Response(null, { status: sent.at(-1)?.includes('Bearer a') ? 401 : 200 })
    },
  })
  await auth.fetch('https://api.test/todos', { headers: once() })
  await auth.setTokens({ accessToken: 'a', refreshToken: 'r', lifetime: 60_000 })
  await auth.fetch('https://api.test/todos', { headers: once() })
  await auth.fetch('https://other.test/', { headers: once() })
  auth.dispose()
  expect(sent).toEqual(['x-a,1', 'authorization,Bearer a,x-a,1', 'authorization,Bearer b,x-a,1', 'x-a,1'])
})
