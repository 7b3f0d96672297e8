import { type AuthBackend, AuthError } from 'latchkey'
import { describe, expect, it } from 'vitest'
import { type LoginForm, setUp } from '../support/client.ts'
import { settle, watch } from '../support/clock.ts'
import { createWire, type Sent } from '../support/wire.ts'

const API = 'https://api.test/todos'
type Backend = AuthBackend<LoginForm>

/** A backend whose tokens are proved for each request, as DPoP does it. */
function provingBackend(more: Partial<Backend> = {}): Backend {
  let count = 0
  let generation = 1
  return {
    id: 'proofs',
    origin: 'https://api.test',
    refreshVia: 'body',
    login: async () => ({ accessToken: 'token-1', refreshToken: 'r' }),
    refresh: async () => ({ accessToken: `token-${++generation}` }),
    authorize(request, { accessToken }) {
      count += 1
      const proved = new Request(request)
      proved.headers.set('Authorization', `DPoP ${accessToken}`)
      proved.headers.set('DPoP', `proof ${count} for ${request.method} ${request.url}`)
      return proved
    },
    ...more,
  }
}

async function signedInWith(backend: Backend, answer: (sent: Sent, index: number) => Response | Promise<Response>) {
  const wire = createWire(answer)
  const setup = setUp({ backend, baseUrl: 'https://api.test', fetch: wire.fetch })
  await setup.client.login({ username: 'ada', password: 'secret' })
  return { ...setup, sent: wire.sent }
}

const nonce = (): Response =>
  new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'DPoP error="use_dpop_nonce"' } })
const asksForNonce: NonNullable<Backend['retry']> = ({ headers }) =>
  headers.get('www-authenticate')?.includes('use_dpop_nonce') ?? false

describe('backend.authorize', () => {
  it('puts the token on a request in place of the Bearer header', async () => {
    const { client, sent } = await signedInWith(provingBackend(), () => Response.json({}))

    await client.fetch(`${API}?page=1`, { method: 'POST', body: 'x' })

    expect(sent[0]?.authorization).toBe('DPoP token-1')
    expect(sent[0]?.headers.get('dpop')).toBe(`proof 1 for POST ${API}?page=1`)
  })

  it('F47: ends the session when the key of its tokens is lost; the request asks for a sign-in', async () => {
    const lost = new AuthError('key_lost', 'The key is gone.')
    const authorize = () => Promise.reject(lost)
    const { client, sent, heard } = await signedInWith(provingBackend({ authorize }), () => Response.json({}))

    await expect(client.fetch(API)).rejects.toMatchObject({ code: 'login_required', cause: lost })

    expect(sent).toEqual([])
    expect(heard('logout')).toMatchObject([{ reason: 'revoked', error: lost }])
    expect(client.state).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  })

  it('keeps the session when a proof fails for another reason, which the caller gets', async () => {
    const busy = new AuthError('storage_unavailable', 'The database is busy.')
    const authorize = () => Promise.reject(busy)
    const { client, heard } = await signedInWith(provingBackend({ authorize }), () => Response.json({}))

    await expect(client.fetch(API)).rejects.toBe(busy)

    expect(heard('logout')).toEqual([])
    expect(client.state.status).toBe('authenticated')
  })

  it('may be asynchronous', async () => {
    const { authorize } = provingBackend()
    const later: Backend['authorize'] = async (request, tokens) => {
      await settle()
      return (await authorize?.(request, tokens)) ?? request
    }
    const { client, sent } = await signedInWith(provingBackend({ authorize: later }), () => Response.json({}))

    await client.fetch(API)

    expect(sent[0]?.authorization).toBe('DPoP token-1')
  })

  it('makes a new proof for each attempt, and each gets the whole body', async () => {
    const bodies: string[] = []
    const { client, sent } = await signedInWith(provingBackend(), async ({ input, authorization }) => {
      bodies.push(await (input as Request).text())
      return new Response(null, { status: authorization === 'DPoP token-1' ? 401 : 200 })
    })

    const response = await client.fetch(new Request(API, { method: 'POST', body: 'whole' }))

    expect(response.status).toBe(200)
    expect(sent.map(({ headers }) => headers.get('dpop'))).toEqual([
      `proof 1 for POST ${API}`,
      `proof 2 for POST ${API}`,
    ])
    expect(bodies).toEqual(['whole', 'whole'])
  })

  it('is not asked about requests that get no token', async () => {
    const { client, sent } = await signedInWith(provingBackend(), () => Response.json({}))

    await client.fetch('https://evil.test/x')
    await client.fetch(API, { headers: { Authorization: 'Basic eA==' } })

    expect(sent.map(({ headers }) => headers.get('dpop'))).toEqual([null, null])
  })

  it('rejects the request where it fails', async () => {
    const failure = new Error('no key')
    const authorize = (): never => {
      throw failure
    }
    const { client, sent } = await signedInWith(provingBackend({ authorize }), () => Response.json({}))

    await expect(client.fetch(API)).rejects.toBe(failure)

    expect(sent).toEqual([])
  })

  it.each<[string, (caller: AbortController, dispose: () => void) => void]>([
    ['R7: an abort', (caller) => caller.abort()],
    ['F39: dispose()', (_caller, dispose) => dispose()],
  ])('%s ends a request whose proof does not come', async (_, act) => {
    const authorize = () => new Promise<never>(() => undefined)
    const { client, sent } = await signedInWith(provingBackend({ authorize }), () => Response.json({}))
    const caller = new AbortController()
    const request = watch(client.fetch(API, { signal: caller.signal }))
    await settle()

    act(caller, client.dispose)
    await settle()

    expect(request.status).toBe('rejected')
    expect(sent).toEqual([])
  })

  it('keeps a request from leaving that a logout overtakes', async () => {
    const backend = provingBackend()
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    const authorize: Backend['authorize'] = async (request, tokens) => {
      await gate
      return (await backend.authorize?.(request, tokens)) ?? request
    }
    const { client, sent } = await signedInWith({ ...backend, authorize }, () => Response.json({}))
    const request = watch(client.fetch(API))
    await settle()

    await client.logout()
    go()
    await settle()

    expect(request.status).toBe('rejected')
    expect(sent).toEqual([])
  })
})

describe('F33: backend.retry', () => {
  it('sends a request again with another proof, and causes no refresh', async () => {
    const { client, sent, heard } = await signedInWith(provingBackend({ retry: asksForNonce }), (_, index) =>
      index === 0 ? nonce() : Response.json({}),
    )

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(sent.map(({ authorization }) => authorization)).toEqual(['DPoP token-1', 'DPoP token-1'])
    expect(heard('refresh')).toEqual([])
  })

  it('is asked once: a second demand for a proof is a 401 like any other', async () => {
    const { client, sent, heard } = await signedInWith(provingBackend({ retry: asksForNonce }), nonce)

    const response = await client.fetch(API)

    expect(response.status).toBe(401)
    expect(sent.length).toBeLessThanOrEqual(4)
    expect(heard('refresh').length).toBeLessThanOrEqual(1)
  })

  it('sees every answer to a request that carried the token, since any may bring the next nonce', async () => {
    const seen: number[] = []
    const retry = ({ status }: Response): boolean => {
      seen.push(status)
      return true
    }
    const statuses = [200, 404, 500]
    const { client } = await signedInWith(
      provingBackend({ retry }),
      (_, index) => new Response(null, { status: statuses[index] ?? 200 }),
    )

    for (const status of statuses) expect((await client.fetch(API)).status).toBe(status)
    await client.fetch('https://elsewhere.test/')

    expect(seen).toEqual(statuses)
  })

  it('leaves other 401s to the refresh', async () => {
    const { client, heard } = await signedInWith(provingBackend({ retry: asksForNonce }), ({ authorization }) =>
      authorization === 'DPoP token-1' ? new Response(null, { status: 401 }) : Response.json({}),
    )

    const response = await client.fetch(API)

    expect(response.status).toBe(200)
    expect(heard('refresh')).toHaveLength(1)
  })

  it('sends a Request’s body again whole', async () => {
    const bodies: string[] = []
    const { client } = await signedInWith(provingBackend({ retry: asksForNonce }), async ({ input }, index) => {
      bodies.push(await (input as Request).text())
      return index === 0 ? nonce() : Response.json({})
    })

    await client.fetch(new Request(API, { method: 'POST', body: 'whole' }))

    expect(bodies).toEqual(['whole', 'whole'])
  })

  it('sends no stream again', async () => {
    const { client, sent } = await signedInWith(provingBackend({ retry: asksForNonce }), nonce)
    const body = new Blob(['x']).stream()

    const response = await client.fetch(API, { method: 'POST', body, duplex: 'half' } as RequestInit)

    expect(response.status).toBe(401)
    expect(sent).toHaveLength(1)
  })

  it('sends nothing again after a logout', async () => {
    let answer: (response: Response) => void = () => undefined
    const { client, sent } = await signedInWith(
      provingBackend({ retry: asksForNonce }),
      () => new Promise<Response>((resolve) => (answer = resolve)),
    )
    const request = watch(client.fetch(API))
    await settle()

    await client.logout()
    answer(nonce())
    await settle()

    expect(sent).toHaveLength(1)
    expect(request.value?.status).toBe(401)
  })
})
