/** LoopBack 4 with the services of `@loopback/authentication-jwt`, and the endpoints that its README proposes. */
import { AuthenticationComponent, authenticate } from '@loopback/authentication'
import {
  JWTAuthenticationComponent,
  RefreshTokenServiceBindings,
  TokenServiceBindings,
  UserServiceBindings,
} from '@loopback/authentication-jwt'
import { inject } from '@loopback/core'
import { juggler, RepositoryMixin } from '@loopback/repository'
import { get, RestApplication } from '@loopback/rest'
import { SecurityBindings } from '@loopback/security'
import bcrypt from 'bcryptjs'
import { announce, lifetime } from './listen.ts'

const app = new (RepositoryMixin(RestApplication))({
  rest: { host: '127.0.0.1', port: 0, gracePeriodForClose: 0, openApiSpec: { disabled: true } },
})
app.component(AuthenticationComponent)
app.component(JWTAuthenticationComponent)
const memory = new juggler.DataSource({ name: 'db', connector: 'memory' })
app.dataSource(memory, UserServiceBindings.DATASOURCE_NAME)
app.dataSource(memory, RefreshTokenServiceBindings.DATASOURCE_NAME)
app.bind(TokenServiceBindings.TOKEN_SECRET).to('only-for-tests')
app.bind(TokenServiceBindings.TOKEN_EXPIRES_IN).to(String(lifetime))
app.bind('rest.sequence.actions.logError').to(() => undefined)

const asJson = { content: { 'application/json': { schema: { type: 'object' } } } }
const operation = (requestBody?: object) => ({
  ...(requestBody && { requestBody }),
  responses: { 200: { description: 'done', ...asJson } },
})

app.route('post', '/users/refresh-login', operation(asJson), async (form: object) => {
  const users = await app.get(UserServiceBindings.USER_SERVICE)
  const profile = users.convertToUserProfile(await users.verifyCredentials(form))
  const tokens = await app.get(TokenServiceBindings.TOKEN_SERVICE)
  const refresh = await app.get(RefreshTokenServiceBindings.REFRESH_TOKEN_SERVICE)
  return refresh.generateToken(profile, await tokens.generateToken(profile))
})
app.route('post', '/refresh', operation(asJson), async ({ refreshToken }: { refreshToken: string }) => {
  const refresh = await app.get(RefreshTokenServiceBindings.REFRESH_TOKEN_SERVICE)
  return refresh.refreshToken(refreshToken)
})

interface Profile {
  name: string
}

class Me {
  readonly #profile: Profile

  constructor(profile: Profile) {
    this.#profile = profile
  }

  whoAmI(): { username: string } {
    return { username: this.#profile.name }
  }
}

// Decorated by hand: Node strips types, but has no decorators.
inject(SecurityBindings.USER)(Me, undefined, 0)
const whoAmI = Object.getOwnPropertyDescriptor(Me.prototype, 'whoAmI')
authenticate('jwt')(Me.prototype, 'whoAmI', whoAmI)
get('/whoAmI', operation())(Me.prototype, 'whoAmI', whoAmI)
app.controller(Me)

const users = await app.get(UserServiceBindings.USER_REPOSITORY)
const alice = await users.create({ email: 'alice@example.com', username: 'alice' })
await users.userCredentials(alice.id).create({ password: await bcrypt.hash('wonderland-7', 4) })
await app.start()
announce(Number(new URL(app.restServer.url).port))
