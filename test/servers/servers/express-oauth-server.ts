/**
 * `@node-oauth/express-oauth-server` with a model in memory: the password and refresh token grants for the public client
 * `spa`. With `ROTATE=0` refresh tokens stay good.
 */
import OAuthServer from '@node-oauth/express-oauth-server'
import express from 'express'
import { lifetime, listen } from './listen.ts'

interface Client {
  id: string
  grants: string[]
}

interface Token {
  accessToken: string
  refreshToken?: string
  client: Client
  user: { username: string }
}

interface Authenticated {
  locals: { oauth: { token: Token } }
  json(body: object): void
}

const rotates = process.env.ROTATE !== '0'
const spa: Client = { id: 'spa', grants: ['password', 'refresh_token'] }
const byAccessToken = new Map<string, Token>()
const byRefreshToken = new Map<string, Token>()

const oauth = new OAuthServer({
  accessTokenLifetime: lifetime,
  alwaysIssueNewRefreshToken: rotates,
  requireClientAuthentication: { password: false, refresh_token: false },
  model: {
    getClient: async (id: string) => (id === spa.id ? spa : undefined),
    getUser: async (username: string, password: string) =>
      username === 'alice' && password === 'wonderland-7' ? { username } : undefined,
    async saveToken(token: Token, client: Client, user: Token['user']) {
      const saved = { ...token, client, user }
      byAccessToken.set(token.accessToken, saved)
      if (token.refreshToken) byRefreshToken.set(token.refreshToken, saved)
      return saved
    },
    getAccessToken: async (token: string) => byAccessToken.get(token),
    getRefreshToken: async (token: string) => byRefreshToken.get(token),
    revokeToken: async ({ refreshToken }: Token) => byRefreshToken.delete(String(refreshToken)),
  },
})

const app = express()
app.use(express.urlencoded({ extended: false }))
app.post('/oauth/token', oauth.token())
app.post('/oauth/revoke', (request: { body: { token: string } }, response: { end(): void }) => {
  byRefreshToken.delete(request.body.token)
  response.end()
})
app.get('/api/me', oauth.authenticate(), (_: unknown, response: Authenticated) => {
  response.json({ username: response.locals.oauth.token.user.username })
})
listen(app)
