import { describe, expect, it } from 'vitest'
import { jwt } from '../support/jwt.ts'
import { createIssuer, createVirtualClient, virtuallySignedIn } from './virtual-page.ts'

describe('the type of tokens', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'JWT', 'N_A', undefined])(
    'F13: changes nothing of how they are sent: %s',
    async (tokenType) => {
      const sent: (string | null)[] = []
      const { auth } = createVirtualClient({
        baseUrl: 'http://localhost/',
        issuer: createIssuer(() => ({ tokenType })),
        fetch: async (_, init) => {
          sent.push(new Headers(init?.headers).get('authorization'))
          return new Response()
        },
      })
      await auth.login()
      await auth.fetch('http://localhost/todos')
      expect(sent).toEqual(['Bearer access-1'])
    },
  )

  it('F13: is for `authorize` to serve, where it asks for a proof', async () => {
    const sent: (string | null)[] = []
    const authorize = (request: Request, { accessToken }: { accessToken: string }): Request =>
      new Request(request, { headers: { Authorization: `DPoP ${accessToken}` } })
    const { auth } = createVirtualClient({
      baseUrl: 'http://localhost/',
      issuer: Object.assign(
        createIssuer(() => ({ tokenType: 'DPoP' })),
        { authorize },
      ),
      fetch: async (input) => {
        sent.push(input instanceof Request ? input.headers.get('authorization') : null)
        return new Response()
      },
    })
    await auth.login()
    await auth.fetch('http://localhost/todos')
    expect(sent).toEqual(['DPoP access-1'])
  })
})

describe('a renewed ID token', () => {
  it('replaces the one before', async () => {
    let nonce = 'first'
    const issuer = createIssuer(() => ({ idToken: jwt({ iss: 'https://id.test', sub: 'ada', nonce }) }))
    const { auth } = await virtuallySignedIn({ issuer })
    nonce = 'second'
    await auth.getAccessToken({ forceRefresh: true })
    expect(auth.state).toMatchObject({ idClaims: { sub: 'ada', nonce: 'second' } })
  })
})
