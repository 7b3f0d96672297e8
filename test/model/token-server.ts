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
  | 'slow'
  | 'hang'
  | 'hang in body'

/** How the server answers everything else. */
export type ApiMode = 'ok' | '401' | '403' | '500' | 'connection error'

/** What kind of server it is. */
export interface ServerKind {
  readonly via: 'body' | 'cookie'
  /** Rotating: each refresh token is good once, and using it twice ends the family. */
  readonly isRotating: boolean
  /** For so long, in milliseconds, a spent refresh token buys tokens once more. */
  readonly grace?: number
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
  /** Whether a spent refresh token was offered. */
  isReused: boolean
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
  readonly url: string
  /** Which call of the client made it (`x-caller`). */
  readonly caller: string | undefined
  readonly body: string | undefined
  /** As the page hears it: a page that stands still has not heard anything yet. */
  outcome: 'pending' | 'ok' | 'refused' | 'failed' | 'aborted'
  settledAt?: number
  /** Whether the server gave tokens for it, wherever they got. */
  isProcessed?: boolean
  /** Whether it was refused for no good reason. */
  isDenied?: boolean
  /** Seconds, as far as the page has heard of it. */
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
  readonly #refreshTokens = new Map<string, { family: Family; usedAt?: number }>()
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
    const family: Family = {
      id: `f${this.families.length}`,
      name,
      order,
      generation: 0,
      isRevoked: false,
      isReused: false,
    }
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
      url: url.href,
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
      const fail = (): void =>
        page.deliver(() => {
          end('failed')
          reject(new TypeError('fetch failed'))
        })
      const serve = (): void => {
        const mode: string = kind === 'api' ? this.api : this.mode
        if (mode === 'connection error') fail()
        if (mode === 'hang' || mode === 'connection error') return
        const answer = kind === 'api' ? this.#answerApi(call) : this.#answer(call, fields)
        call.isProcessed = call.issued !== undefined
        this.#time.later(this.#latency(kind), () => {
          if (mode === 'answer lost') return fail()
          if (call.outcome !== 'pending') return
          const isOk = answer.status >= 200 && answer.status < 300
          if (mode === 'hang in body') return page.deliver(() => resolve(stalled(answer)))
          // The browser keeps a cookie, whatever has become of the page.
          if (call.issued) this.#keepCookie(call.issued.refresh, kind === 'login')
          if (kind === 'logout' && isOk && this.cookie?.family === call.family) this.cookie = undefined
          if (!page.isAlive) call.outcome = 'failed' // which nobody hears
          page.deliver(() => {
            if (call.outcome !== 'pending') return
            if (kind === 'refresh') call.retryAfter = Number(answer.headers?.['retry-after'] ?? 0)
            const isFinal =
              kind === 'refresh' && (answer.status === 400 || answer.status === 401) && mode !== 'blame client'
            end(isOk && (call.issued || kind !== 'refresh') ? 'ok' : isFinal ? 'refused' : 'failed')
            const access = call.issued && this.accessTokens.get(call.issued.access)
            if (access) access.arrived = { mono: this.#time.mono, wall: this.#time.wall, page }
            const used = kind === 'api' ? this.accessTokens.get(call.token ?? '') : undefined
            if (used) used[answer.status === 401 ? 'isRefused' : 'isAccepted'] = true
            resolve(new Response(answer.body ?? null, { status: answer.status, headers: answer.headers ?? {} }))
          })
        })
      }
      this.#time.later(this.#latency(kind), () => {
        if (page.isAlive) {
          serve()
          return
        }
        // What a dead page has sent may get lost, or come late; not so a cookie's call, which outlives its page.
        const fate = this.#kind.via === 'cookie' ? 1 : this.#random()
        if (fate > 0.2) this.#time.later(fate < 0.5 ? 900 * this.#random() : 0, serve)
      })
    })
  }

  #latency(kind: Call['kind']): number {
    if (this.mode === 'slow' && kind !== 'api') return 2000 + 8000 * this.#random()
    return [0, 1, 20, 90, 400][Math.floor(this.#random() * 5)] as number
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
      case '429 retry-after':
        return { status: Number.parseInt(this.mode, 10), headers: { 'retry-after': `${this.retryAfter}` } }
      case 'html':
        return { status: 200, body: `<html>${CANARY}</html>`, headers: { 'content-type': 'text/html' } }
      case 'empty':
        return { status: 200 }
      case 'no token':
        return { status: 200, body: `{"ok":true,"note":"${CANARY}"}` }
      case 'refuse 400':
        call.isDenied = true
        return { status: 400, body: `{"error":"invalid_grant","refresh_token":"${CANARY}"}` }
      case 'refuse 401':
        call.isDenied = true
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
    const { isRotating, grace = -1 } = this.#kind
    if (known?.usedAt !== undefined && this.#time.mono - known.usedAt > grace) {
      known.family.isReused = true
      known.family.isRevoked = true
    }
    if (!known || known.family.isRevoked) return { status: 400, body: '{"error":"invalid_grant"}' }
    if (isRotating) known.usedAt ??= this.#time.mono
    call.issued = this.#issueTo(known.family, isRotating ? undefined : call.token)
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
    if (!keep) this.#refreshTokens.set(refresh, { family })
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

  /** The browser's one cookie: what comes for an older sign-in does not overwrite a newer one's. */
  #keepCookie(token: string, isLogin: boolean): void {
    if (this.#kind.via !== 'cookie') return
    const family = this.familyOf(token) as Family
    if (isLogin || !this.cookie || this.cookie.family.order <= family.order) this.cookie = { family, token }
  }
}

/** An answer whose body never ends. */
function stalled({ status, body }: Answer): Response {
  const stream = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(body?.slice(0, 10) ?? '')),
  })
  return new Response(status === 204 ? null : stream, { status })
}
