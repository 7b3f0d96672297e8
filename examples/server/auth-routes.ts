import { getConnInfo } from '@hono/node-server/conninfo'
import { Hono } from 'hono'
import { invalidFields, readJson, tooManyRequests, unauthorized } from './answers.ts'
import type { Parts } from './parts.ts'
import { createRefreshTransport } from './refresh-transport.ts'
import { createThrottle } from './throttle.ts'
import { createTokenAnswer } from './token-answer.ts'

/** `POST /login`, `POST /refresh`, `POST /logout` and the public keys. */
export function authRoutes(parts: Parts): Hono {
  const { config, users, accessTokens, refreshTokens } = parts
  const transport = createRefreshTransport(config)
  const tokenAnswer = createTokenAnswer(parts, transport)
  const throttle = createThrottle({ failures: 5, windowMs: 60_000, now: config.now })
  const app = new Hono()

  app.post('/login', transport.checkHeader, transport.checkOrigin, async (c) => {
    const { username, password } = await readJson(c)
    if (!isFilled(username) || !isFilled(password)) {
      return invalidFields(c, {
        ...(!isFilled(username) && { username: 'This field is required.' }),
        ...(!isFilled(password) && { password: 'This field is required.' }),
      })
    }

    // Behind a proxy the address is the proxy's: take the one that it vouches for.
    const key = JSON.stringify([username, getConnInfo(c).remote.address])
    if (throttle.blockedFor(key) > 0) return tooManyRequests(c, throttle.blockedFor(key))
    const user = await users.verify(username, password)
    // Looked at twice: guesses sent all at once passed the first look together, and are not told how they did.
    if (throttle.blockedFor(key) > 0) return tooManyRequests(c, throttle.blockedFor(key))
    if (!user) {
      throttle.fail(key)
      return unauthorized(c, 'invalid_credentials', 'The username or the password is wrong.')
    }

    throttle.forget(key)
    return c.json({ ...(await tokenAnswer(c, user, refreshTokens.begin(user.id))), user })
  })

  app.post('/refresh', transport.checkHeader, transport.checkOrigin, async (c) => {
    const token = await transport.read(c)
    const issued = token === undefined ? undefined : refreshTokens.rotate(token)
    const user = issued && users.byId(issued.userId)
    // A refused cookie is left alone: by now it may be the new one of a sign-in in another tab.
    if (!user) return unauthorized(c, 'invalid_grant', 'The session has ended. Sign in again.')
    return c.json(await tokenAnswer(c, user, issued))
  })

  app.post('/logout', transport.checkHeader, transport.checkOrigin, async (c) => {
    const token = await transport.read(c)
    if (token !== undefined) refreshTokens.end(token)
    transport.clear(c)
    return c.body(null, 204)
  })

  app.get('/.well-known/jwks.json', (c) => c.json(accessTokens.jwks()))

  return app
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
