// @vitest-environment node
import { AuthClient, memoryStorage } from 'latchkey'
import { type DPoP, dpop, type OidcLogin, oidcBackend } from 'latchkey/oidc'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { trapGlobals } from '../support/globals.ts'
import { network } from '../support/network.ts'
import { API, CLIENT, createProvider, ISSUER } from './provider.ts'

const EDGES = [
  'BroadcastChannel',
  'addEventListener',
  'crypto',
  'document',
  'fetch',
  'history',
  'indexedDB',
  'localStorage',
  'location',
  'navigator',
  'sessionStorage',
  'setInterval',
  'setTimeout',
  'window',
]

afterEach(() => vi.unstubAllGlobals())

const options = (more: { redirectUri?: string; dpop?: DPoP } = {}) => ({
  issuer: ISSUER,
  clientId: CLIENT,
  redirectUri: '/callback',
  ...more,
})

describe('without a page', () => {
  it('T23: a backend and its key are made without touching a global', () => {
    const { touched, undo } = trapGlobals(EDGES)
    try {
      const backends = [
        oidcBackend(options()),
        oidcBackend({ ...options({ dpop: dpop() }), userinfo: true, postLogoutRedirectUri: '/goodbye' }),
        oidcBackend({ ...options(), issuer: new URL(ISSUER), redirectUri: new URL('https://app.test/callback') }),
      ]
      for (const backend of backends)
        expect(new AuthClient({ baseUrl: API, backend }).state).toEqual({ status: 'loading' })
    } finally {
      undo()
    }
    expect(touched).toEqual([])
  })

  it('T23: the entry is imported without touching the page', async () => {
    vi.resetModules()
    const { touched, undo } = trapGlobals(EDGES)
    let entry: { oidcBackend: unknown }
    try {
      entry = await import('latchkey/oidc')
    } finally {
      undo()
    }
    expect(entry.oidcBackend).toBeTypeOf('function')
    expect(touched.filter((name) => !['navigator', 'crypto'].includes(name))).toEqual([])
  })

  it('start() has no callback to complete', async () => {
    const client = new AuthClient<OidcLogin>({ baseUrl: API, backend: oidcBackend(options()) })
    expect(await client.start()).toEqual({ status: 'unauthenticated', reason: 'never' })
    client.dispose()
  })

  it('login() says what is missing', async () => {
    const provider = await createProvider()
    network.use(...provider.handlers)
    for (const redirectUri of ['/callback', 'https://app.test/callback']) {
      const client = new AuthClient<OidcLogin>({ baseUrl: API, backend: oidcBackend(options({ redirectUri })) })
      await expect(client.login({})).rejects.toMatchObject({
        code: redirectUri.startsWith('/') ? 'invalid_option' : 'storage_unavailable',
      })
      client.dispose()
    }
  })

  it('tokens from elsewhere are renewed and given back', async () => {
    const provider = await createProvider()
    network.use(...provider.handlers)
    const backend = oidcBackend({ ...options(), postLogoutRedirectUri: '/goodbye' })
    const client = new AuthClient<OidcLogin>({ baseUrl: API, backend, storage: memoryStorage() })
    await client.setTokens({ accessToken: 'from-elsewhere', refreshToken: 'unknown', lifetime: 300_000 })

    await expect(client.getAccessToken({ forceRefresh: true })).rejects.toMatchObject({ code: 'login_required' })

    expect(provider.refreshes).toBe(1)
    client.dispose()
  })

  it.each(['', 'id.test', '/tenant', 'https://'])('%j is no issuer', (issuer) => {
    expect(() => oidcBackend({ ...options(), issuer })).toThrow(expect.objectContaining({ code: 'invalid_option' }))
  })

  it('a record of another client at the same provider is another backend’s', () => {
    const ids = [
      oidcBackend(options()).id,
      oidcBackend({ ...options(), clientId: 'other' }).id,
      oidcBackend({ ...options(), issuer: `${ISSUER}/tenant` }).id,
    ]
    expect(new Set(ids).size).toBe(3)
    expect(oidcBackend({ ...options(), issuer: new URL(ISSUER) }).id).toBe(ids[0])
  })
})
