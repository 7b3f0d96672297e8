import type { AuthBackend } from './contract.js'
import { jsonBackend } from './json.js'
import type { SimpleJwtCredentials } from './simple-jwt.js'

/** The options of {@link simpleJwtSliding}. The paths are those of your `urlpatterns`, slash at the end and all. */
export interface SimpleJwtSlidingOptions {
  /** What the paths are joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** Where `TokenObtainSlidingView` is. @default '/api/token/' */
  login?: string | undefined
  /** Where `TokenRefreshSlidingView` is. @default '/api/token/refresh/' */
  refresh?: string | undefined
  /** Where to ask who is signed in: the path of a `GET` that answers with a JSON object. @default nowhere */
  user?: string | undefined
}

/**
 * Django REST framework with Simple JWT's sliding tokens: one token, which buys the next one.
 *
 * It does so only while it lives: a person who is away for longer than `SLIDING_TOKEN_LIFETIME` is signed out (`revoked`).
 * Simple JWT has no endpoint that blacklists a sliding token, so it stays good after a sign-out until it expires.
 *
 * Verified against djangorestframework-simplejwt 5.2.2.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: '/api', backend: simpleJwtSliding({ baseUrl: '/' }) })
 * await auth.login({ username: 'johndoe', password: 'password123' })
 * @see [Simple JWT: sliding tokens](https://django-rest-framework-simplejwt.readthedocs.io/en/latest/token_types.html#sliding-tokens)
 */
export function simpleJwtSliding<Credentials extends object = SimpleJwtCredentials, User = unknown>({
  baseUrl,
  login = '/api/token/',
  refresh = '/api/token/refresh/',
  user,
}: SimpleJwtSlidingOptions): AuthBackend<Credentials, User> {
  return jsonBackend({ baseUrl, login, refresh, logout: false, user, refreshVia: 'access-token' })
}
