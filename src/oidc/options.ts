import type { AuthorizationServer } from 'oauth4webapi'
import type { DPoP } from './dpop.js'
import type { StandardSchemaV1 } from './standard-schema.js'

/** The options of {@link oidcBackend}. */
export interface OidcOptions<User> {
  /** The provider's issuer identifier, as its discovery document has it; may have a path. */
  issuer: string | URL
  /** The client id, registered as a public client: a single-page app keeps no secret (RFC 6749, section 2.1). */
  clientId: string
  /**
   * Where the provider leads back to, exactly as registered there; a path (`'/callback'`) is taken as one of this origin. Give
   * it a page of its own, which calls `auth.start()`: an address there with `state` and `code` or `error` is taken for an
   * answer. Plain `http:` does for loopback (RFC 8252, section 7.3).
   */
  redirectUri: string | URL
  /**
   * What to ask for, separated by blanks. Many providers give a refresh token for `offline_access` only; without one the
   * session ends with its access token.
   *
   * @default 'openid'
   */
  scope?: string | undefined
  /**
   * What the discovery document lacks, or says wrongly. With `authorization_endpoint` and `token_endpoint` here there is no
   * discovery, and one call less for each page (RFC 8414, section 2); an ID token that is not signed by RS256 then needs
   * `id_token_signing_alg_values_supported`, too.
   */
  metadata?: Partial<AuthorizationServer> | undefined
  /**
   * Sent with every authorization request: `audience`, `resource`, `prompt`, whatever the provider knows but `response_mode`.
   *
   * @default none
   */
  parameters?: Record<string, string> | undefined
  /**
   * Where the provider's sign-out leads back to, exactly as registered there; a path is taken as one of this origin. Without
   * it `logout()` stays in the app, and the provider's own session goes on: the next sign-in may ask for nothing. With it, do
   * not navigate after `logout()`: its `returnTo` is what `start()` hands back. A session that ended otherwise is not ended
   * there: `parameters: { prompt: 'login' }` at the next sign-in asks who it is.
   *
   * @see [OpenID Connect RP-Initiated Logout](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)
   */
  postLogoutRedirectUri?: string | URL | undefined
  /**
   * By how much the clocks may differ when the ID token of a sign-in is checked, in milliseconds. People whose clock is wrong
   * by more than this and the ID token's lifetime cannot sign in. At a renewal it is a day at least.
   *
   * @default 30_000
   */
  clockTolerance?: number | undefined
  /**
   * Ask the userinfo endpoint who signed in. With a schema the answer is checked, and gives `user` its type; an answer that
   * does not fit leaves `user` undefined, and `explain()` says why.
   *
   * @default false: `idClaims` has what the ID token says
   */
  userinfo?: boolean | StandardSchemaV1<unknown, User> | undefined
  /** Binds the tokens to a key of this browser (RFC 9449). @default Bearer tokens */
  dpop?: DPoP | undefined
}

/** How to sign in; nothing is needed. */
export interface OidcLogin {
  /**
   * Where the app wants to go afterwards: a path of this origin, which `start()` hands back. Anything else is dropped. By
   * popup the app stays where it is.
   */
  returnTo?: string | undefined
  /**
   * `'redirect'` leaves the page, and `login()` stays pending. `'popup'` opens a window, which needs a click of the person: the
   * page at `redirectUri` is loaded in it, and closes it. Not from within another site's frame: the two do not hear each other.
   *
   * @default 'redirect'
   */
  mode?: 'redirect' | 'popup' | undefined
  /**
   * Sent with this authorization request alone: `prompt`, `login_hint`, `acr_values`, `max_age`, `scope`, …
   *
   * @see [OpenID Connect Core, section 3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)
   */
  parameters?: Record<string, string> | undefined
}
