import type { VirtualPage, VirtualTime } from './virtual.ts'

/** How the server answers the token endpoints. */
export type TokenMode =
  | 'ok'
  | '500'
  | '503 retry-after'
  | '429 retry-after'
  | 'html'
  | 'empty'
  | 'no token'
  | 'refuse 400'
  | 'refuse 401'
  | 'blame client'
  | 'connection error'
  | 'answer lost'
  | 'hang'
  | 'hang in body'

/** How the server answers everything else. */
export type ApiMode = 'ok' | '401' | '403' | '500' | 'connection error'

/** What kind of server it is. */
export interface ServerKind {
  readonly via: 'body' | 'cookie'
  /** Rotating: each refresh token is good once, and using it twice ends the family. */
  readonly isRotating: boolean
  /** Seconds; what the server says, not how long it takes a token. */
  readonly lifetime: number
  readonly says: 'expires_in' | 'exp' | 'both' | 'nothing'
}

/** One sign-in, as the server sees it. */
export interface Family {
  readonly id: string
  readonly name: string
  /** The number of the call that asked for it. */
  readonly order: number
  generation: number
  isRevoked: boolean
}

/** One access token. */
export interface AccessToken {
  readonly family: Family
  readonly generation: number
  readonly issuedAt: number
  /** When, and on which page, it arrived. */
  arrived?: { readonly mono: number; readonly wall: number; readonly page: VirtualPage } | undefined
  isRevoked: boolean
  /** Whether the page heard a 401 for it. */
  isRefused: boolean
  /** Whether the page heard anything else. */
  isAccepted: boolean
}

/** One request, from its leaving the page on. */
export interface Call {
  readonly kind: 'login' | 'refresh' | 'logout' | 'api'
  readonly page: VirtualPage
  readonly at: number
  readonly number: number
  /** The access token of an API call, the refresh token of the others. */
  readonly token: string | undefined
  readonly family: Family | undefined
  /** Which call of the client made it (`x-caller`). */
  readonly caller: string | undefined
  readonly body: string | undefined
  outcome: 'pending' | 'ok' | 'refused' | 'failed' | 'aborted'
  settledAt?: number
  retryAfter?: number
  /** What a successful answer of the token endpoints held. */
  issued?: { readonly access: string; readonly refresh: string }
}

type Answer = { readonly status: number; readonly body?: string; readonly headers?: Record<string, string> }

/** In every secret, so that a leak is found wherever it turns up. */
export const CANARY = 'CANARY'

/** A token server in this process, whose network is slow, lossy and dishonest on demand. */
export class TokenServer {
  mode: TokenMode = 'ok'
  api: ApiMode = 'ok'
  /** Seconds, for the modes that send it. */
  retryAfter = 20
  readonly calls: Call[] = []
  readonly accessTokens = new Map<string, AccessToken>()
  readonly families: Family[] = []
  cookie: { family: Family; token: string } | undefined
  readonly #refreshTokens = new Map<string, { family: Family; isUsed: boolean }>()
  readonly #kind: ServerKind
  readonly #time: VirtualTime
  readonly #random: () => number
  readonly #onCall: (call: Call) => void
  #count = 0

  constructor(kind: ServerKind, time: VirtualTime, random: () => number, onCall: (call: Call) => void) {
    this.#kind = kind
    this.#time = time
    this.#random = random
    this.#onCall = onCall
  }

  /** The network as `page` sees it. */
  fetchOf(page: VirtualPage): typeof globalThis.fetch {
    return async (input, init) => {
      if (!page.isAlive) return new Promise(() => undefined)
      const request = input instanceof Request ? input : undefined
      const url = new URL(request ? request.url : (input as string | URL))
      const headers = new Headers(init?.headers ?? request?.headers)
      const body = init?.body ?? (request?.body ? await request.text() : undefined)
      return this.#send(page, url, headers, typeof body === 'string' ? body : undefined, init ?? {})
    }
  }

  /** Signs somebody in without a request. */
  issue(name: string, order: number): { family: Family; access: string; refresh: string } {
    const family: Family = { id: `f${this.families.length}`, name, order, generation: 0, isRevoked: false }
    this.families.push(family)
    return { family, ...this.#issueTo(family) }
  }

  /** Whether the API takes the token. */
  accepts(access: string | undefined): boolean {
    const token = this.accessTokens.get(access ?? '')
    if (!token || token.isRevoked || token.family.isRevoked) return false
    const { lifetime, says } = this.#kind
    const life = says !== 'nothing' && lifetime > 0 ? lifetime : 120
    return this.#time.server < token.issuedAt + life * 1000
  }

  familyOf(refresh: string): Family | undefined {
    return this.#refreshTokens.get(refresh)?.family
  }

  #send(page: VirtualPage, url: URL, headers: Headers, body: string | undefined, init: RequestInit): Promise<Response> {
    const signal = init.signal ?? undefined
    if (signal?.aborted) return Promise.reject(signal.reason)
    const path = url.pathname.slice(1)
    const kind = path === 'login' || path === 'refresh' || path === 'logout' ? path : 'api'
    const fields = kind === 'api' || !body ? {} : (JSON.parse(body) as Record<string, string | undefined>)
    let token = headers.get('authorization')?.replace('Bearer ', '')
    if (kind !== 'api') token = init.credentials === 'include' ? this.cookie?.token : fields.refresh_token
    const call: Call = {
      kind,
      page,
      at: this.#time.mono,
      number: this.calls.length,
      token,
      family: kind === 'api' ? this.accessTokens.get(token ?? '')?.family : this.familyOf(token ?? ''),
      caller: headers.get('x-caller') ?? undefined,
      body,
      outcome: 'pending',
    }
    this.#onCall(call)
    this.calls.push(call)

    return new Promise((resolve, reject) => {
      const end = (outcome: Call['outcome']): void => {
        if (call.outcome !== 'pending') return
        call.outcome = outcome
        call.settledAt = this.#time.mono
      }
      const isDeaf = kind !== 'api' && this.#random() < 0.2 // a server in whose hang no signal is heard
      signal?.addEventListener('abort', () => {
        end('aborted')
        if (!isDeaf) reject(signal.reason)
      })
      const fail = (): void => {
        end('failed')
        if (page.isAlive) reject(new TypeError('fetch failed'))
      }
      const latency = (): number => [0, 1, 20, 90, 400][Math.floor(this.#random() * 5)] as number
      this.#time.later(latency(), () => {
        const mode: string = kind === 'api' ? this.api : this.mode
        if (mode === 'hang') return
        if (mode === 'connection error') return fail()
        const answer = kind === 'api' ? this.#answerApi(call) : this.#answer(call, fields)
        this.#time.later(latency(), () => {
          if (mode === 'answer lost') return fail()
          if (call.outcome !== 'pending') return
          if (!page.isAlive) end('failed')
          const isOk = answer.status >= 200 && answer.status < 300
          if (mode === 'hang in body') {
            if (page.isAlive) resolve(stalled(answer))
            return
          }
          const isFinal =
            kind === 'refresh' && (answer.status === 400 || answer.status === 401) && mode !== 'blame client'
          end(isOk && (call.issued || kind !== 'refresh') ? 'ok' : isFinal ? 'refused' : 'failed')
          if (call.issued) this.#keepCookie(call.issued.refresh)
          if (kind === 'logout' && isOk && this.cookie?.family === call.family) this.cookie = undefined
          if (!page.isAlive) return
          const access = call.issued && this.accessTokens.get(call.issued.access)
          if (access) access.arrived = { mono: this.#time.mono, wall: this.#time.wall, page }
          const used = kind === 'api' ? this.accessTokens.get(call.token ?? '') : undefined
          if (used) used[answer.status === 401 ? 'isRefused' : 'isAccepted'] = true
          resolve(new Response(answer.body ?? null, { status: answer.status, headers: answer.headers ?? {} }))
        })
      })
    })
  }

  #answerApi(call: Call): Answer {
    if (this.api === 'ok')
      return { status: call.token === undefined || this.accepts(call.token) ? 200 : 401, body: '{}' }
    return { status: Number(this.api), body: `"${CANARY}"` }
  }

  #answer(call: Call, fields: Record<string, string | undefined>): Answer {
    switch (this.mode) {
      case '500':
        return { status: 500, body: `{"token":"${CANARY}"}` }
      case '503 retry-after':
      case '429 retry-after': {
        if (call.kind === 'refresh') call.retryAfter = this.retryAfter
        return { status: Number.parseInt(this.mode, 10), headers: { 'retry-after': `${this.retryAfter}` } }
      }
      case 'html':
        return { status: 200, body: `<html>${CANARY}</html>`, headers: { 'content-type': 'text/html' } }
      case 'empty':
        return { status: 200 }
      case 'no token':
        return { status: 200, body: `{"ok":true,"note":"${CANARY}"}` }
      case 'refuse 400':
        return { status: 400, body: `{"error":"invalid_grant","refresh_token":"${CANARY}"}` }
      case 'refuse 401':
        return { status: 401 }
      case 'blame client':
        return { status: 400, body: `{"error":"invalid_client","access_token":"${CANARY}"}` }
    }
    if (call.kind === 'logout') {
      if (call.family) call.family.isRevoked = true
      return { status: 200 }
    }
    if (call.kind === 'login') {
      const { family, ...issued } = this.issue(String(fields.name), Number(fields.order))
      call.issued = issued
      return this.#tokens(family, issued, true)
    }
    const known = this.#refreshTokens.get(call.token ?? '')
    if (known?.isUsed) known.family.isRevoked = true
    if (!known || known.isUsed || known.family.isRevoked) return { status: 400, body: '{"error":"invalid_grant"}' }
    known.isUsed = this.#kind.isRotating
    call.issued = this.#issueTo(known.family, this.#kind.isRotating ? undefined : call.token)
    return this.#tokens(known.family, call.issued, false)
  }

  #tokens({ id, name }: Family, { access, refresh }: { access: string; refresh: string }, isNew: boolean): Answer {
    const { via, isRotating, lifetime, says } = this.#kind
    // A sign-in says what there is; later answers may leave out what has not changed.
    const answer = {
      access_token: access,
      ...(via === 'body' && (isNew || isRotating || this.#random() < 0.5) && { refresh_token: refresh }),
      ...((says === 'expires_in' || says === 'both') && { expires_in: lifetime }),
      user: { name, family: id },
    }
    return { status: 200, body: JSON.stringify(answer) }
  }

  #issueTo(family: Family, keep?: string): { access: string; refresh: string } {
    const { lifetime, says } = this.#kind
    family.generation += 1
    this.#count += 1
    const name = `${CANARY}.${family.id}.${family.generation}.${this.#count}`
    let access = `${name}.access`
    if (says === 'exp' || says === 'both') {
      const iat = Math.floor(this.#time.server / 1000)
      const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
      access = `${encode({ alg: 'HS256' })}.${encode({ sub: family.name, iat, exp: iat + lifetime })}.${name.replaceAll('.', '-')}`
    }
    const refresh = keep ?? `${name}.refresh`
    this.#refreshTokens.set(refresh, { family, isUsed: false })
    this.accessTokens.set(access, {
      family,
      generation: family.generation,
      issuedAt: this.#time.server,
      isRevoked: false,
      isRefused: false,
      isAccepted: false,
    })
    return { access, refresh }
  }

  /** A page's one cookie: an answer to an older sign-in does not overwrite a newer one's. */
  #keepCookie(token: string): void {
    if (this.#kind.via !== 'cookie') return
    const family = this.familyOf(token) as Family
    if (!this.cookie || this.cookie.family.order <= family.order) this.cookie = { family, token }
  }
}

/** An answer whose body never ends. */
function stalled({ status, body }: Answer): Response {
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(body?.slice(0, 10) ?? '')),
  })
  return new Response(status === 204 ? null : stream, { status })
}
