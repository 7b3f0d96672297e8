import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client'
import { TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { AuthClient } from 'latchkey/core'
import { HttpResponse, http } from 'msw'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { network, server, usernameOf } from './api.ts'
import { baseUrl } from './auth.ts'
import { execute } from './graphql.ts'
import { router } from './router.ts'
import { trpc } from './trpc.ts'

describe('a tRPC batch of which only a part needs a token', () => {
  const readBoth = () => Promise.all([trpc.motd.query(), trpc.read.query(1)])

  it('is answered 207 by the usual server, which causes no renewal', async () => {
    server.expireAccessTokens()

    await expect(readBoth()).rejects.toMatchObject({ data: { code: 'UNAUTHORIZED' } })
    expect(server.refreshes).toBe(0)
  })

  it('is sent again as a whole where the context refuses a bad token', async () => {
    network.use(
      http.all(`${baseUrl}/trpc/*`, async (info) => {
        const username = await usernameOf(info)
        const createContext = () => {
          if (username || !info.request.headers.has('authorization')) return { username }
          throw new TRPCError({ code: 'UNAUTHORIZED' })
        }
        return fetchRequestHandler({ endpoint: '/trpc', req: info.request, router, createContext })
      }),
    )
    server.expireAccessTokens()

    expect(await readBoth()).toEqual(['Water the plants.', { id: 1, title: 'Todo 1', by: 'johndoe' }])
    expect(server.refreshes).toBe(1)
  })
})

describe('a GraphQL server that says UNAUTHENTICATED with status 200', () => {
  const query = gql`
    {
      todo(id: 1) {
        title
      }
    }
  `

  beforeEach(() => {
    network.use(
      http.post(`${baseUrl}/graphql`, async (info) => {
        const username = await usernameOf(info)
        return HttpResponse.json(await execute((await info.request.clone().json()) as { query: string }, username))
      }),
    )
  })

  /** Apollo on a client of its own, with somebody signed in whose token the server has forgotten. */
  async function signedInWith(fetch?: typeof globalThis.fetch): Promise<ApolloClient> {
    const auth = new AuthClient({ baseUrl, fetch })
    onTestFinished(() => auth.dispose())
    await auth.login({ username: 'johndoe', password: 'password123' })
    server.expireAccessTokens()
    return new ApolloClient({
      link: new HttpLink({ uri: `${baseUrl}/graphql`, fetch: auth.fetch }),
      cache: new InMemoryCache(),
    })
  }

  it('causes no renewal: no status says that the token is bad', async () => {
    const apollo = await signedInWith()

    await expect(apollo.query({ query })).rejects.toMatchObject({ name: 'CombinedGraphQLErrors' })
    expect(server.refreshes).toBe(0)
  })

  it('causes one where the `fetch` option shows the answer as a 401', async () => {
    const apollo = await signedInWith(async (input, init) => {
      const response = await fetch(input, init)
      const isRefused = (await response.clone().text()).includes('"UNAUTHENTICATED"')
      return isRefused ? new Response(response.body, { status: 401, headers: response.headers }) : response
    })

    expect((await apollo.query({ query })).data).toMatchObject({ todo: { title: 'Todo 1' } })
    expect(server.refreshes).toBe(1)
  })
})
