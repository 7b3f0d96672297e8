/** Feathers 5 on Express: JWTs without refresh tokens, as its own generator sets them up. */
import { AuthenticationService, JWTStrategy } from '@feathersjs/authentication'
import { hooks, LocalStrategy } from '@feathersjs/authentication-local'
import * as framework from '@feathersjs/express'
import { feathers } from '@feathersjs/feathers'
import { MemoryService } from '@feathersjs/memory'
import { lifetime, listen } from './listen.ts'

const { authenticate, errorHandler, json, parseAuthentication, rest, urlencoded } = framework

interface Authenticated {
  feathers: { user: { name: string } }
}

const app = framework.default(feathers())
app.set('authentication', {
  secret: 'only-for-tests',
  entity: 'user',
  service: 'users',
  authStrategies: ['jwt', 'local'],
  jwtOptions: { audience: 'https://api.test', algorithm: 'HS256', expiresIn: lifetime },
  local: { usernameField: 'email', passwordField: 'password' },
})
app.use(json())
app.use(urlencoded({ extended: true }))
app.use(parseAuthentication())
app.configure(rest())
app.use('users', new MemoryService({ startId: 0 }))
app.service('users').hooks({
  before: { create: [hooks.hashPassword('password')] },
  after: { all: [hooks.protect('password')] },
})

const authentication = new AuthenticationService(app)
authentication.register('jwt', new JWTStrategy())
authentication.register('local', new LocalStrategy())
app.use('authentication', authentication)

app.get('/me', authenticate('jwt'), (request: Authenticated, response: { json(body: object): void }) => {
  response.json({ username: request.feathers.user.name })
})
app.use(errorHandler({ logger: false, html: false }))

await app.setup()
await app.service('users').create({ name: 'alice', email: 'alice@example.com', password: 'wonderland-7' })
listen(app)
