import { randomBytes } from 'node:crypto'

export type Endpoint = 'login' | 'refresh' | 'logout' | 'me'

/** What goes wrong with one call: an answer without the work (429 asks for a second), or the work without an answer. */
export type Fault = '429' | '503' | 'drop'

/** How a world behaves; may be changed while it runs. Milliseconds. */
export interface Behaviour {
  /** How long an access token of this generation lives. */
  lifetime: (generation: number) => number
  /** For so long a spent refresh token gets the same answer once more; 0 is strict: it ends the family. */
  grace: number
  /** The time between the work and its answer: who dies meanwhile has spent the token, and never hears of it. */
  latency: Partial<Record<Endpoint, number>>
  /** The time before the work. */
  delay: Partial<Record<Endpoint, number>>
  /** What the next calls meet, first come first served. */
  faults: Partial<Record<Endpoint, Fault[]>>
}

export interface WorldOptions extends Partial<Behaviour> {
  /** Where the refresh token travels. */
  via?: 'body' | 'cookie'
}

/** One sign-in, and all tokens that descend from it. */
export interface Family {
  readonly id: string
  readonly user: string
  /** 1 at the login, and one more with each refresh that was granted. */
  generation: number
  /** Refresh calls, whatever came of them. */
  calls: number
  /** Refresh calls with a token that was spent already. */
  reuses: number
  /** Refresh calls whose caller went away before the answer. */
  abandoned: number
  /** Refresh calls that a worker has made. */
  byWorker: number
  /** The most refresh calls at a time. */
  concurrent: number
  /** Why it is over. */
  ended?: 'logout' | 'reuse'
}

/** A call of `GET /me`. */
export interface ApiRequest {
  readonly at: number
  readonly status: number
  /** The family and the generation of the token that it carried. */
  readonly family: string | undefined
  readonly generation: number | undefined
}

export interface Credential {
  readonly body: Record<string, unknown>
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
  /** Whether a worker calls. */
  readonly isWorker: boolean
}

export interface Reply {
  readonly status: number
  readonly body: object
  readonly headers?: Record<string, string>
  /** For the cookie; empty to delete it. */
  readonly refreshToken?: string
  readonly family?: Family
  readonly fault?: 'drop'
  /** To be called once, when it is known what became of the answer. */
  readonly settle?: (how: 'answered' | 'abandoned' | 'dropped') => void
}

/** An auth server: refresh tokens work once, and a second use ends the family. */
export interface World {
  readonly name: string
  readonly url: string
  readonly via: 'body' | 'cookie'
  readonly behaviour: Behaviour
  readonly families: readonly Family[]
  readonly requests: readonly ApiRequest[]
  /** The family of the last login. */
  readonly family: Family
  /** How many refresh calls have come in, whatever they met. */
  readonly refreshCalls: number
  call(endpoint: Endpoint, credential: Credential): Reply
}

interface Issued {
  readonly family: Family
  readonly generation: number
  readonly expiresAt: number
  spentAt?: number
  /** What its first use has bought. */
  bought?: Reply
}

const REFUSED: Reply = { status: 401, body: { error: 'invalid_grant' } }

export function createWorld(name: string, url: string, options: WorldOptions = {}): World {
  const { via = 'body', ...rest } = options
  const behaviour: Behaviour = { lifetime: () => 600_000, grace: 0, latency: {}, delay: {}, faults: {}, ...rest }
  const families: Family[] = []
  const requests: ApiRequest[] = []
  const accessTokens = new Map<string, Issued>()
  const refreshTokens = new Map<string, Issued>()
  const waiting = new Map<Family, number>()
  let refreshCalls = 0

  const issue = (family: Family): Reply => {
    const { generation } = family
    const lifetime = behaviour.lifetime(generation)
    const issued = { family, generation, expiresAt: Date.now() + lifetime }
    const [accessToken, refreshToken] = ['a', 'r'].map((kind) => `${kind}.${family.id}.${generation}.${secret()}`)
    accessTokens.set(accessToken as string, issued)
    refreshTokens.set(refreshToken as string, { ...issued })
    const tokens = { access_token: accessToken, expires_in: lifetime / 1000, user: { name: family.user } }
    const body = via === 'body' ? { ...tokens, refresh_token: refreshToken } : tokens
    return { status: 200, body, family, refreshToken: refreshToken as string }
  }

  const login = (user: string): Reply => {
    const id = `f${families.length + 1}`
    const family = { id, user, generation: 1, calls: 0, reuses: 0, abandoned: 0, byWorker: 0, concurrent: 0 }
    families.push(family)
    return issue(family)
  }

  const rotate = (token: Issued): Reply => {
    const { family } = token
    if (family.ended) return REFUSED
    if (token.spentAt === undefined) {
      token.spentAt = Date.now()
      family.generation += 1
      token.bought = issue(family)
      return token.bought
    }
    const isNext = family.generation === token.generation + 1
    if (token.bought && isNext && Date.now() - token.spentAt < behaviour.grace) return token.bought
    family.reuses += 1
    family.ended = 'reuse'
    return REFUSED
  }

  const refresh = (token: Issued | undefined, isWorker: boolean): Reply => {
    if (!token) return REFUSED
    const { family } = token
    family.calls += 1
    if (isWorker) family.byWorker += 1
    const others = waiting.get(family) ?? 0
    waiting.set(family, others + 1)
    family.concurrent = Math.max(family.concurrent, others + 1)
    const settle: Reply['settle'] = (how) => {
      waiting.set(family, (waiting.get(family) ?? 1) - 1)
      if (how !== 'answered') family.abandoned += 1
    }
    return { ...rotate(token), settle }
  }

  const me = (accessToken: string | undefined): Reply => {
    const issued = accessToken ? accessTokens.get(accessToken) : undefined
    const isGood = issued && !issued.family.ended && issued.expiresAt > Date.now()
    const status = isGood ? 200 : 401
    requests.push({ at: Date.now(), status, family: issued?.family.id, generation: issued?.generation })
    return isGood ? { status, body: { name: issued.family.user } } : REFUSED
  }

  return {
    name,
    url,
    via,
    behaviour,
    families,
    requests,
    get family() {
      const last = families.at(-1)
      if (!last) throw new Error('Nobody has signed in to this world.')
      return last
    },
    get refreshCalls() {
      return refreshCalls
    },
    call(endpoint, { body, accessToken, refreshToken = '', isWorker }) {
      if (endpoint === 'refresh') refreshCalls += 1
      const fault = behaviour.faults[endpoint]?.shift()
      if (fault === '429' || fault === '503') {
        const headers = fault === '429' ? { 'retry-after': '1' } : {}
        return { status: Number(fault), headers, body: { error: 'later' } }
      }
      const token = refreshTokens.get(refreshToken)
      if (endpoint === 'me') return me(accessToken)
      if (endpoint === 'login') return login(String(body.username))
      if (endpoint === 'refresh') return { ...refresh(token, isWorker), ...(fault && { fault }) }
      if (token) token.family.ended ??= 'logout'
      return { status: 200, body: {}, ...(token && { family: token.family, refreshToken: '' }) }
    },
  }
}

const secret = (): string => randomBytes(9).toString('base64url')
