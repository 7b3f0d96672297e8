import { createHmac, randomBytes } from 'node:crypto'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import { COSEALG } from '@simplewebauthn/server/helpers'
import { type Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { readJson, unauthorized } from '../server/answers.ts'
import type { Parts } from '../server/parts.ts'
import { createRefreshTransport } from '../server/refresh-transport.ts'
import { requireAccessToken, type SignedIn } from '../server/signed-in.ts'
import { createTokenAnswer } from '../server/token-answer.ts'
import { createChallenges } from './challenges.ts'
import { createPasskeys, type Passkey } from './passkeys.ts'

/** The site that passkeys are made for. */
export interface RelyingParty {
  /** Its domain, without scheme and port; passkeys of `example.com` work on its subdomains, too. */
  readonly id: string
  /** What some devices show beside the passkey. */
  readonly name: string
}

/** What every device knows. The library's own list begins with ML-DSA, for which Node still warns of an experiment. */
const supportedAlgorithmIDs = [COSEALG.EdDSA, COSEALG.ES256, COSEALG.RS256]

/** Long enough to look for a telephone, short enough for a challenge that nobody has answered. */
const lifetimeMs = 5 * 60_000

/** `/passkeys`: adding them, listing them, and signing in with them. Pages are those of the server's `origins`. */
export function passkeyRoutes(parts: Parts, rp: RelyingParty): Hono<SignedIn> {
  const { config, users, refreshTokens } = parts
  const transport = createRefreshTransport(config)
  const tokenAnswer = createTokenAnswer(parts, transport)
  const signedIn = requireAccessToken(parts)
  const challenges = createChallenges({ lifetimeMs, now: config.now })
  const passkeys = createPasskeys()
  const decoyKey = randomBytes(32)
  const expected = { expectedOrigin: [...config.origins], expectedRPID: rp.id }
  // `preferred` is for devices that cannot verify a person. Where a passkey replaces two factors, demand it on both sides.
  const userVerification = 'preferred'
  const requireUserVerification = false
  const app = new Hono<SignedIn>()

  /** The ids of a person's passkeys. A name without any gets one that looks real: lists must not tell which names exist. */
  function idsOf(username: string): { id: string }[] {
    const ids = passkeys.of(users.byUsername(username)?.id ?? '').map(({ id }) => ({ id }))
    return ids.length > 0 ? ids : [{ id: createHmac('sha256', decoyKey).update(username).digest('base64url') }]
  }

  app.post('/passkeys/sign-in/options', async (c) => {
    const { username } = await readJson(c)
    if (username !== undefined && typeof username !== 'string') refuseBody('username')
    const options = await generateAuthenticationOptions({
      rpID: rp.id,
      userVerification,
      timeout: lifetimeMs,
      ...(username !== undefined && { allowCredentials: idsOf(username) }), // without a name the device offers all it has
    })
    challenges.remember(options.challenge, 'sign-in')
    return c.json(options)
  })

  app.post('/passkeys/sign-in', transport.checkHeader, transport.checkOrigin, async (c) => {
    const response = await readResponse<AuthenticationResponseJSON>(c, 'authenticatorData', 'signature')
    const passkey = passkeys.byId(response.id)
    const user = passkey && users.byId(passkey.userId)
    if (!user) return unauthorized(c, 'unknown_passkey', 'This passkey is not known here, or not any more.')
    if (!(await isSignedBy(passkey, response))) {
      return unauthorized(c, 'passkey_refused', 'The passkey was not accepted. Please try again.')
    }
    return c.json({ ...(await tokenAnswer(c, user, refreshTokens.begin(user.id))), user })
  })

  async function isSignedBy(passkey: Passkey, response: AuthenticationResponseJSON): Promise<boolean> {
    const { userHandle = '' } = response.response
    if (userHandle && Buffer.from(String(userHandle), 'base64url').toString() !== passkey.userId) return false
    const result = await verifyAuthenticationResponse({
      response,
      ...expected,
      expectedChallenge: (challenge) => challenges.spend(challenge, 'sign-in', passkey.userId),
      credential: passkey,
      requireUserVerification,
    }).catch(() => undefined)
    if (!result?.verified) return false
    passkey.counter = Math.max(passkey.counter, result.authenticationInfo.newCounter)
    passkey.usedAt = config.now()
    return true
  }

  app.post('/passkeys/options', signedIn, async (c) => {
    const user = users.byId(c.var.claims.sub)
    if (!user) return unauthorized(c, 'invalid_token', 'This user is gone.')
    const options = await generateRegistrationOptions({
      rpID: rp.id,
      rpName: rp.name,
      userID: new TextEncoder().encode(user.id), // the device keeps it: an id, and nothing personal
      userName: user.username,
      userDisplayName: user.name,
      excludeCredentials: passkeys.of(user.id).map(({ id }) => ({ id })),
      authenticatorSelection: { residentKey: 'required', userVerification }, // to sign in without typing a name
      supportedAlgorithmIDs,
      timeout: lifetimeMs,
    })
    challenges.remember(options.challenge, 'registration', user.id)
    return c.json(options)
  })

  app.post('/passkeys', signedIn, async (c) => {
    const userId = c.var.claims.sub
    const response = await readResponse<RegistrationResponseJSON>(c, 'attestationObject')
    const result = await verifyRegistrationResponse({
      response,
      ...expected,
      expectedChallenge: (challenge) => challenges.spend(challenge, 'registration', userId),
      requireUserVerification,
      supportedAlgorithmIDs,
    }).catch(() => undefined)
    if (!result?.verified) return refusePasskey(c, 'The passkey was not accepted. Please try again.')
    const { credential, credentialDeviceType } = result.registrationInfo
    const isSynced = credentialDeviceType === 'multiDevice'
    const passkey = { ...credential, userId, isSynced, createdAt: config.now() }
    if (!passkeys.add(passkey)) return refusePasskey(c, 'This passkey is in use already.')
    return c.json(shown(passkey), 201)
  })

  app.get('/passkeys', signedIn, (c) => c.json(passkeys.of(c.var.claims.sub).map(shown)))

  return app
}

/** A passkey as its owner sees it. */
function shown({ id, createdAt, usedAt, isSynced }: Passkey) {
  return { id, createdAt, usedAt, isSynced }
}

/** Not 401, which would be about the access token. */
function refusePasskey(c: Context, message: string) {
  return c.json({ error: 'passkey_refused', message }, 400)
}

/**
 * Reads what a browser makes of a ceremony.
 *
 * @throws 400 when one of the fields is missing; whether they are true is for the verification to say.
 */
async function readResponse<Response>(c: Context, ...fields: readonly string[]): Promise<Response> {
  const body = await readJson(c)
  const inner = Object(body.response) as Record<string, unknown>
  const missing = ['clientDataJSON', ...fields].find((field) => typeof inner[field] !== 'string')
  if (typeof body.id !== 'string') refuseBody('id')
  if (missing) refuseBody(`response.${missing}`)
  return body as Response
}

function refuseBody(field: string): never {
  throw new HTTPException(400, { message: `The body needs a text in the field ${field}.` })
}
