import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { createMiddleware } from 'hono/factory'
import { readJson } from './answers.ts'
import type { ResolvedConfig } from './config.ts'
import type { IssuedRefreshToken } from './refresh-tokens.ts'

/** How the refresh token travels between client and server. */
export interface RefreshTransport {
  read(c: Context): Promise<string | undefined>
  /** Hands a token over; what it returns belongs into the answer's body. */
  write(c: Context, issued: IssuedRefreshToken): { refresh_token?: string }
  clear(c: Context): void
  /** Refuses requests from pages that are not ours. */
  readonly checkOrigin: MiddlewareHandler
  /** Refuses requests that a foreign page could make a browser send. */
  readonly checkHeader: MiddlewareHandler
}

type Config = Pick<ResolvedConfig, 'refreshTokenIn' | 'secureCookies' | 'origins' | 'now'>

/** Chooses between the body and the cookie. */
export function createRefreshTransport(config: Config): RefreshTransport {
  return config.refreshTokenIn === 'cookie' ? inCookie(config) : inBody()
}

/** What no browser sends by itself no foreign page can send either, so there is nothing to check. */
function inBody(): RefreshTransport {
  const pass = createMiddleware((_c, next) => next())
  return {
    async read(c) {
      const { refresh_token } = await readJson(c)
      return typeof refresh_token === 'string' ? refresh_token : undefined
    },
    write: (_c, { token }) => ({ refresh_token: token }),
    clear() {},
    checkOrigin: pass,
    checkHeader: pass,
  }
}

/**
 * Out of reach of scripts, and so of tokens stolen by them. In return the browser attaches it by itself: hence
 * `SameSite=Strict`, the header that makes a foreign page's request need a preflight, and the look at `Origin`.
 */
function inCookie({ secureCookies, origins, now }: Config): RefreshTransport {
  const name = 'refresh_token'
  const attributes = { path: '/', httpOnly: true, sameSite: 'Strict' } as const
  // The prefix `__Host-` makes browsers refuse a cookie of this name that a subdomain or plain HTTP has set.
  const options = secureCookies ? ({ ...attributes, secure: true, prefix: 'host' } as const) : attributes

  return {
    read: async (c) => getCookie(c, name, secureCookies ? 'host' : undefined),
    write(c, { token, expiresAt }) {
      setCookie(c, name, token, { ...options, maxAge: Math.max(0, Math.floor((expiresAt - now()) / 1000)) })
      return {}
    },
    clear(c) {
      deleteCookie(c, name, options)
    },
    checkOrigin: createMiddleware(async (c, next) => {
      const origin = c.req.header('Origin')
      if (origin !== undefined && !origins.includes(origin)) {
        return c.json({ error: 'forbidden', message: 'This origin may not use the cookie.' }, 403)
      }
      return next()
    }),
    checkHeader: createMiddleware(async (c, next) => {
      if (c.req.header('X-Auth-Request') !== '1') {
        return c.json({ error: 'forbidden', message: 'The header X-Auth-Request: 1 is missing.' }, 403)
      }
      return next()
    }),
  }
}
