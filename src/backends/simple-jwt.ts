import type { TokenSet } from '../session/tokens.js'
import type { AuthBackend } from './contract.js'
import { jsonBackend } from './json.js'

/** What {@link simpleJwt} signs in with; a project with another `USERNAME_FIELD` names its own. */
export interface SimpleJwtCredentials {
  /** The user's name. */
  username: string
  /** The user's password. */
  password: string
}

/** The options of {@link simpleJwt}. The paths are those of your `urlpatterns`, slash at the end and all. */
export interface SimpleJwtOptions {
  /** What the paths are joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** Where `TokenObtainPairView` is. @default '/api/token/' */
  login?: string | undefined
  /** Where `TokenRefreshView` is. @default '/api/token/refresh/' */
  refresh?: string | undefined
  /** Where `TokenBlacklistView` is; `false` where the blacklist app is not installed. @default '/api/token/blacklist/' */
  logout?: string | false | undefined
  /** Where to ask who is signed in: the path of a `GET` that answers with a JSON object. @default nowhere */
  user?: string | undefined
}

/**
 * Django REST framework with Simple JWT, refresh tokens rotated or not.
 *
 * `JWTAuthentication` has to be the first of `DEFAULT_AUTHENTICATION_CLASSES`: behind `SessionAuthentication`, an expired
 * token is answered by 403, which asks for no renewal.
 *
 * Verified against djangorestframework-simplejwt 5.2.2.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: '/api', backend: simpleJwt({ baseUrl: '/' }) })
 * await auth.login({ username: 'johndoe', password: 'password123' })
 * @see [Simple JWT: getting started](https://django-rest-framework-simplejwt.readthedocs.io/en/latest/getting_started.html)
 */
export function simpleJwt<Credentials extends object = SimpleJwtCredentials, User = unknown>({
  baseUrl,
  login = '/api/token/',
  refresh = '/api/token/refresh/',
  logout = '/api/token/blacklist/',
  user,
}: SimpleJwtOptions): AuthBackend<Credentials, User> {
  const body = ({ refreshToken }: TokenSet): object => ({ refresh: refreshToken })
  return jsonBackend({
    baseUrl,
    login,
    refresh: { path: refresh, body },
    logout: logout && { path: logout, body },
    user,
  })
}
