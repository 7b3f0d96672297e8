/** A strict auth server, in the place of the network: a refresh token works once. */
import { base64url } from 'jose'
import { jwt } from '../../support/jwt.ts'
import { clock } from './clock.ts'

/** What a token endpoint answers, in the words that all of the subjects look for. */
export interface Grant {
  readonly access_token: string
  readonly refresh_token: string
  readonly id_token: string
  readonly expires_in: number
  readonly token_type: 'Bearer'
  readonly client_info: string
  readonly user: object
}

export type AuthServer = ReturnType<typeof createServer>

const LIFETIME = 3600
/** How long a refresh takes, so that all who ask meanwhile ask in vain. */
const REFRESH_LATENCY = 5
const ISSUER = 'https://api.example.com/'
export const CLIENT_ID = 'bench'
export const TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad'

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

export function createServer() {
  let grant: Grant
  /** The access tokens that are good, and until when: a refresh takes none of them back. */
  const good = new Map<string, number>()
  /** Answers of the API come this late at most, each at its own time. */
  let spread = 0
  let tally = { refreshes: 0, sends: 0 }

  const issue = (): Grant => {
    const iat = Math.floor(Date.now() / 1000)
    const claims = { iss: ISSUER, aud: CLIENT_ID, sub: 'ada', oid: 'ada', tid: TENANT, iat, exp: iat + LIFETIME }
    grant = {
      access_token: jwt(claims),
      refresh_token: jwt({ ...claims, exp: iat + 24 * LIFETIME }),
      id_token: jwt({ ...claims, name: 'Ada', preferred_username: 'ada', email: 'ada@example.com' }),
      expires_in: LIFETIME,
      token_type: 'Bearer',
      client_info: base64url.encode(JSON.stringify({ uid: 'ada', utid: TENANT })),
      user: { id: 'ada', aud: 'authenticated', email: 'ada@example.com', app_metadata: {}, user_metadata: {} },
    }
    good.set(`Bearer ${grant.access_token}`, (iat + LIFETIME) * 1000)
    return grant
  }

  const answerApi = async (input: RequestInfo | URL, init: RequestInit | undefined): Promise<Response> => {
    const { headers = {} } = init?.headers ? init : (input as Partial<Request>)
    const wanted = headers instanceof Headers ? headers : new Headers(headers)
    const isGood = Date.now() < (good.get(wanted.get('authorization') ?? '') ?? 0)
    tally.sends += 1
    if (spread) await pause(((tally.sends * 7919) % 1000) * (spread / 1000))
    if (!isGood) return new Response(null, { status: 401 })
    const echo = init?.body ?? (input instanceof Request && input.method === 'POST' ? await input.text() : undefined)
    return new Response(typeof echo === 'string' ? echo : '{"id":1}')
  }

  const answerToken = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const form = text.startsWith('{') ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text))
    const spent: string | undefined = form.refresh_token ?? form.token
    if (spent) tally.refreshes += 1
    const isRefused = spent !== undefined && spent !== grant.refresh_token
    if (!isRefused) issue()
    await pause(REFRESH_LATENCY)
    return isRefused ? Response.json({ error: 'invalid_grant' }, { status: 400 }) : Response.json(grant)
  }

  issue()
  return {
    /** New tokens, as of a login. */
    issue,
    fetch: (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
      const url = input instanceof Request ? input.url : String(input)
      if (url.endsWith('/todos')) return answerApi(input, init)
      return answerToken(new Request(input, init))
    },
    /** The access token is at its end, by every clock. */
    expire: () => clock.advance(2 * LIFETIME * 1000),
    /** All access tokens are taken back, and no clock knows; answers come up to so much later. */
    refuse: (latest: number): void => {
      good.clear()
      spread = latest
    },
    /** Counts from now on, and answers at once. */
    reset: (): void => {
      tally = { refreshes: 0, sends: 0 }
      spread = 0
    },
    tally: () => tally,
  }
}
