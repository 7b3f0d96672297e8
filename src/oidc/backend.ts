import {
  type AuthorizationServer,
  clockTolerance,
  generateRandomState,
  None,
  processRefreshTokenResponse,
  processUserInfoResponse,
  refreshTokenGrantRequest,
  revocationRequest,
  skipSubjectCheck,
  userInfoRequest,
} from 'oauth4webapi'
import type { AuthBackend, BackendContext, ResumedResponse } from '../backends/contract.js'
import { isFinalAnswer, oauthErrorOf } from '../backends/failure.js'
import { browserEnvironment } from '../browser.js'
import { within } from '../environment.js'
import { AuthError } from '../errors.js'
import { decodeClaims } from '../session/claims.js'
import type { TokenResponse } from '../session/tokens.js'
import { askerOf, redeem, requestAuthorization } from './authorization.js'
import type { OidcLogin, OidcOptions } from './options.js'
import { here, isAt, leaveFor, registered, tidy } from './page.js'
import { type Pending, recall, remember } from './pending.js'
import { answerPopup, isPopupState, openPopup, popupState } from './popup.js'
import { checked, createProvider, endpointOf } from './provider.js'
import { isSamePerson, tokensOf } from './tokens.js'

/** Before it leaves the page, a sign-out waits so long for the revocation; after twice that it leaves no more. */
const FAREWELL = 1000
/** In seconds. */
const DAY = 86_400

/**
 * Signs in at an OpenID Connect or OAuth 2.0 provider: authorization code with PKCE, by redirect or popup. The client
 * stays the same: `auth.login()` needs no argument, `auth.start()` completes the sign-in when the page is back. Create it
 * once, outside components: a client that is disposed of while it completes a sign-in takes the sign-in along. A second
 * sign-in, a step-up too, ends the session before it: `logout` (`replaced`), then `login`.
 *
 * Built on [oauth4webapi](https://github.com/panva/oauth4webapi), which checks every answer. The ID token's signature is
 * not checked, since the token comes straight from the provider over TLS (OpenID Connect Core, section 3.1.3.7, rule 6).
 *
 * @example
 * const auth = new AuthClient({
 *   baseUrl: 'https://api.example.com',
 *   backend: oidcBackend({ issuer: 'https://id.example.com', clientId: 'spa', redirectUri: '/callback' }),
 *   storage: webStorage('local'),
 * })
 * const { status, returnTo } = await auth.start()
 * @throws {@link AuthError} `invalid_option` when `issuer` is no URL. `start`, and `login` by popup, reject with
 *   `login_required`, `invalid_credentials`, `misconfigured` or `server_error` for what the provider answers, its error in
 *   `oauthError`; `invalid_response` when an answer does not pass its checks; `network` and `timeout`. `login` rejects with
 *   `misconfigured` where the provider cannot be used so, `insecure_url` without https, `storage_unavailable` without
 *   sessionStorage, `aborted` when a popup was blocked or closed. `logout` tells `subject_mismatch` and `key_lost`.
 * @see [OpenID Connect Core](https://openid.net/specs/openid-connect-core-1_0.html)
 * @see [RFC 9700](https://www.rfc-editor.org/rfc/rfc9700.html)
 */
export function oidcBackend<User = unknown>(options: OidcOptions<User>): AuthBackend<OidcLogin, User> {
  const { redirectUri, postLogoutRedirectUri, userinfo, dpop } = options
  const provider = createProvider(options)
  const { id, client, discover, http, withKey } = provider

  /** When somebody has begun to sign in. */
  let beganLogin = 0

  const complete = async (
    answer: URLSearchParams,
    state: string,
    pending: Pending,
    context: BackendContext,
  ): Promise<TokenResponse<never>> => {
    const keyId = await dpop?.create()
    try {
      return { ...tokensOf(await redeem(provider, options, answer, state, pending, context, keyId), !!dpop), keyId }
    } catch (error) {
      await dpop?.forget(keyId)
      throw error
    }
  }

  const revoke = async (
    server: AuthorizationServer,
    token: string | undefined,
    context: BackendContext,
  ): Promise<unknown> =>
    token && server.revocation_endpoint && revocationRequest(server, client, None(), token, http(context))

  /** Leads to the provider's own sign-out (OpenID Connect RP-Initiated Logout, section 2). */
  const signOut = async (
    server: AuthorizationServer,
    uri: string,
    idToken: string | undefined,
    context: BackendContext,
  ): Promise<void> => {
    const state = generateRandomState()
    const url = endpointOf(server, 'end_session_endpoint')
    const { returnTo } = context.logoutOptions ?? {}
    url.searchParams.set('client_id', client.client_id)
    url.searchParams.set('post_logout_redirect_uri', uri)
    if (idToken) url.searchParams.set('id_token_hint', idToken)
    try {
      remember(state, { asker: askerOf(provider, context), purpose: 'logout', returnTo })
      url.searchParams.set('state', state)
    } catch {
      // Only `returnTo` is lost with it.
    }
    await leaveFor(url, context.signal)
  }

  return {
    id,
    origin: provider.issuer.origin,
    refreshVia: 'body',

    async login({ returnTo, mode, parameters } = {}, context) {
      beganLogin = Date.now()
      const popup = mode === 'popup' ? openPopup() : undefined
      try {
        const state = popup ? popupState(generateRandomState()) : generateRandomState()
        const { url, pending } = await requestAuthorization(provider, options, state, parameters, context)
        context.signal.throwIfAborted()
        if (popup) return await complete(await popup.ask(url, state, context.signal), state, pending, context)
        remember(state, { ...pending, returnTo })
        return await leaveFor(url, context.signal)
      } finally {
        popup?.close()
      }
    },

    async resume(context): Promise<ResumedResponse<never> | undefined> {
      if (!globalThis.location) return undefined
      // Up to the first `await` all happens before any other script runs.
      const { searchParams: answer } = here()
      const state = answer.get('state') ?? ''
      if (!state && !answer.has('error')) return undefined
      const isHere = isAt(redirectUri)
      const isAnswer = (isHere || isPopupState(state)) && (answer.has('code') || answer.has('error'))
      const known = recall(state, askerOf(provider, context))
      if (known === 'foreign' || !(known || isAnswer)) return undefined
      const isSignOut = known === 'spent' ? !isHere : known?.purpose === 'logout'
      tidy((isSignOut && postLogoutRedirectUri) || redirectUri)
      if (known === 'spent') return undefined
      if (known && isSignOut) return { returnTo: known.returnTo }
      if (known) return { ...(await complete(answer, state, known, context)), returnTo: known.returnTo }
      await answerPopup(answer)
      const message = 'This tab has begun no such sign-in in the last ten minutes: begin again.'
      throw new AuthError('login_required', message)
    },

    async refresh({ refreshToken = '', idToken, keyId }, context) {
      const server = await discover(context)
      return withKey(keyId, async (proof) => {
        const how = { ...http(context), ...proof }
        const response = await refreshTokenGrantRequest(server, client, None(), refreshToken, how)
        const copy = response.clone()
        /** Somebody else's tokens are given back. */
        const refuse = async (): Promise<never> => {
          const { refresh_token, access_token } = await copy.json()
          revoke(server, refresh_token ?? access_token, context).catch(() => undefined)
          throw new AuthError('subject_mismatch', 'The renewed ID token is not about the person who signed in.')
        }
        // Who fails this check loses the session, as its refresh token is spent: a clock that has gone wrong must not.
        const patient = { ...client, [clockTolerance]: Math.max(DAY, client[clockTolerance] ?? 0) }
        const processing = processRefreshTokenResponse(server, patient, response)
        const answer = await checked(
          response,
          processing.catch((error) => (error?.cause?.claim === 'iss' ? refuse() : Promise.reject(error))),
        )
        return isSamePerson(answer, idToken) ? tokensOf(answer, !!dpop) : refuse()
      })
    },

    async logout({ accessToken, refreshToken, idToken, keyId }, context) {
      const began = Date.now()
      const { logoutOptions } = context
      const forgotten = dpop?.forget(keyId)
      const server = await discover(context)
      const revoked = revoke(server, refreshToken ?? accessToken, context).catch(() => undefined)
      const told = Promise.all([forgotten, revoked])
      const canLeave = logoutOptions && postLogoutRedirectUri && server.end_session_endpoint
      await (canLeave ? within(browserEnvironment, FAREWELL, told, undefined).catch(() => undefined) : told)
      // Whoever is about to sign in again, from a listener say, is not to be carried off.
      if (canLeave && beganLogin < began - FAREWELL && Date.now() - began < 2 * FAREWELL)
        await signOut(server, registered(postLogoutRedirectUri), idToken, context)
    },

    ...(userinfo && {
      async user({ accessToken, idToken, keyId }, context) {
        const server = await discover(context)
        const claims = await withKey(keyId, async (proof) => {
          const response = await userInfoRequest(server, client, accessToken, { ...http(context), ...proof })
          const subject = idToken ? (decodeClaims(idToken)?.sub ?? '') : skipSubjectCheck
          return checked(response, processUserInfoResponse(server, client, subject, response))
        })
        if (userinfo === true) return claims as User
        const result = await userinfo['~standard'].validate(claims)
        if (!result.issues) return result.value
        const messages = result.issues.map(({ message }) => message).join('; ')
        throw new AuthError('invalid_response', `The userinfo does not fit: ${messages}`)
      },
    }),

    ...(dpop && {
      authorize: (request, { accessToken, keyId }) => dpop.prove(keyId, request, accessToken),
      retry(answer) {
        dpop.note(answer)
        return dpop.asks(answer)
      },
    }),

    isFinal(answer) {
      const error = oauthErrorOf(answer.body) ?? ''
      // Some say it with 403; and what is wrong with a proof says nothing about the session (RFC 9449, sections 5 and 8).
      return answer.status < 500 && (error === 'invalid_grant' || (isFinalAnswer(answer) && !/dpop/.test(error)))
    },
  }
}
