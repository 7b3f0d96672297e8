import type { TokenResponse, TokenSet } from '../session/tokens.js'

/** How to sign out. */
export interface LogoutOptions {
  /** What `start()` is to hand back when a provider's sign-out has led back to the app: a path of this origin. */
  readonly returnTo?: string | undefined
}

/** What a call of the backend may use. */
export interface BackendContext {
  /**
   * For calls to the token endpoints: carries no access token, follows no redirect (a 307 would post the refresh token
   * to wherever the server says), sends cookies in cookie mode only, ends after `refresh.timeout`, body included, and
   * refuses answers over 64 KiB.
   *
   * @see [RFC 9700, section 4.12](https://www.rfc-editor.org/rfc/rfc9700.html#section-4.12)
   */
  readonly fetch: typeof globalThis.fetch
  /** Aborted when the call is no longer wanted. */
  readonly signal: AbortSignal
  /** The client's `storageKey`, which tells the clients of one backend apart. */
  readonly storageKey?: string | undefined
  /**
   * What `logout()` was called with; `undefined` where nobody called it, and tokens are only given back that nobody needs.
   */
  readonly logoutOptions?: LogoutOptions | undefined
}

/** What a redirect login comes back with. */
export interface ResumedResponse<User = unknown> extends TokenResponse<User> {
  /** The path of this origin that the app wanted to return to. */
  returnTo?: string | undefined
}

/** An answer of a token endpoint, as {@link AuthBackend.isFinal} sees it. */
export interface BackendAnswer {
  /** The HTTP status. */
  readonly status: number
  /** The headers, as far as they are exposed to this origin. */
  readonly headers: Headers
  /** The parsed JSON, else the text, or `undefined` where it was empty. */
  readonly body: unknown
}

/**
 * Knows how a given server does login, refresh and logout. `jsonBackend` serves most; write one of your own for the rest.
 *
 * Throw whatever you like for a refused call made with `context.fetch`: what it means follows from the answer's status. For
 * all else throw an `AuthError`, whose code is kept: anything else becomes `network` or `invalid_response`.
 */
export interface AuthBackend<Credentials = never, User = unknown> {
  /** Tells backends apart, such as origin + login path: a stored record of another one is ignored. */
  readonly id: string
  /** The origin of the token endpoints; gets the access token only if `baseUrl` or `attachTo` say so too. */
  readonly origin: string | undefined
  /** Where the refresh credential is: in a request's body, an HttpOnly cookie, the access token itself, or nowhere. */
  readonly refreshVia: 'body' | 'cookie' | 'access-token' | 'none'
  /**
   * Signs in; `credentials` are an empty object where the app gave none. A login that leaves the page never resolves:
   * `resume` goes on when the page is back.
   */
  login(credentials: Credentials, context: BackendContext): Promise<TokenResponse<User>>
  /** Gets new tokens for `tokens`. */
  refresh?(tokens: TokenSet, context: BackendContext): Promise<TokenResponse<User>>
  /** Tells the server that the session is over (RFC 7009 and the like). */
  logout?(tokens: TokenSet, context: BackendContext): Promise<void>
  /**
   * Asked by `start()`, before it returns: tokens, if the page has just come back from a redirect; a `returnTo` alone if it
   * was none that signs in (in cookie mode that counts as a sign-in). A `login_required` without `oauthError` says that nobody
   * here has asked for it: whoever is signed in stays so, and `start()` does not reject.
   */
  resume?(context: BackendContext): Promise<ResumedResponse<User> | undefined>
  /** Who is signed in; asked after a login, and at a restore whose record does not know. A failure keeps the old one. */
  user?(tokens: TokenSet, context: BackendContext): Promise<User>
  /**
   * Puts the access token on a request, instead of the Bearer header (DPoP, RFC 9449). Rejecting with `key_lost` ends the
   * session.
   */
  authorize?(request: Request, tokens: TokenSet): Request | Promise<Request>
  /**
   * Sees each answer to a request that carried the token, and says of a 401 whether it asks for another proof rather than
   * another token; the request is then sent once more.
   */
  retry?(response: Response): boolean
  /**
   * Whether a refused refresh means that the session is over.
   *
   * @default 400 and 401, unless the OAuth `error` blames the client or the request (RFC 6749, section 5.2)
   */
  isFinal?(answer: BackendAnswer): boolean
}

/** The calls that a backend makes. */
export type TokenCall = 'login' | 'refresh' | 'logout' | 'resume' | 'user'

/** Calls the backend, and tells its failures apart. */
export type TokenCaller = <T>(
  call: TokenCall,
  run: (context: BackendContext) => Promise<T>,
  signal: AbortSignal,
  logoutOptions?: BackendContext['logoutOptions'],
) => Promise<T>
