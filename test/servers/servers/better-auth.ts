/** better-auth in memory: the session of a login buys JWTs of its jwt plugin, by its cookie or by the bearer plugin's token. */
import { betterAuth } from 'better-auth'
import { memoryAdapter } from 'better-auth/adapters/memory'
import { toNodeHandler } from 'better-auth/node'
import { bearer, jwt } from 'better-auth/plugins'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { lifetime, listen } from './listen.ts'

const origin = 'http://auth.test'
const auth = betterAuth({
  baseURL: origin,
  trustedOrigins: ['http://app.test'],
  secret: 'only-for-tests-only-for-tests-only-for-tests',
  database: memoryAdapter({ user: [], session: [], account: [], verification: [], jwks: [] }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  plugins: [bearer(), jwt({ jwt: { expirationTime: `${lifetime}s` } })],
})
await auth.api.signUpEmail({ body: { email: 'alice@example.com', password: 'wonderland-7', name: 'alice' } })

const handle = toNodeHandler(auth)
const keys = createLocalJWKSet(await auth.api.getJwks())

listen(async (request, response) => {
  if (request.url !== '/api/me') return handle(request, response)
  const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
  try {
    const { payload } = await jwtVerify(token, keys, { issuer: origin, audience: origin })
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify({ username: payload.name }))
  } catch {
    response.writeHead(401).end()
  }
})
