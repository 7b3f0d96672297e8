import type { AuthBackend } from './contract.js'
import { bearer, jsonBackend } from './json.js'

/** What {@link feathers} signs in with, by the strategy `local` as it is set up by default. */
export interface FeathersCredentials {
  /** The user's e-mail address. */
  email: string
  /** The user's password. */
  password: string
}

/** The options of {@link feathers}. */
export interface FeathersOptions {
  /** What the path is joined to; may be relative to the page (`'/'`). */
  baseUrl: string | URL
  /** The path of the authentication service. @default '/authentication' */
  path?: string | undefined
  /** The authentication strategy of a login. @default 'local' */
  strategy?: string | undefined
}

/**
 * Feathers 5.
 *
 * Feathers has no refresh tokens: the session ends when the access token expires (`jwtOptions.expiresIn`, a day by
 * default), after an `expiring` event.
 *
 * Verified against Feathers 5.0.50.
 *
 * @example
 * const auth = new AuthClient({ baseUrl: '/api', backend: feathers({ baseUrl: '/api' }) })
 * await auth.login({ email: 'john@example.com', password: 'password123' })
 * @see [Feathers: authentication service](https://feathersjs.com/api/authentication/service)
 */
export function feathers<Credentials extends object = FeathersCredentials, User = unknown>({
  baseUrl,
  path = '/authentication',
  strategy = 'local',
}: FeathersOptions): AuthBackend<Credentials, User> {
  return jsonBackend({
    baseUrl,
    login: { path, body: (credentials) => ({ ...credentials, strategy }) },
    refresh: false,
    logout: {
      path,
      method: 'DELETE',
      body: undefined,
      headers: bearer,
    },
  })
}
