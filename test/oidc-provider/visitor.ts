import * as oauth from 'oauth4webapi'
import { CODE, PASSWORD } from './interactions.ts'
import { DPOP_CLIENT, PAGE_CLIENT } from './provider-configuration.ts'
import type { World } from './world.ts'

/** Somebody with a hand-made client: no browser, no Latchkey. */
export interface Visitor {
  /** The proofs that were sent. */
  readonly proofs: readonly string[]
  signIn(
    parameters?: Record<string, string>,
    typed?: { name?: string; password?: string },
  ): Promise<oauth.TokenEndpointResponse>
  refresh(refreshToken?: string): Promise<oauth.TokenEndpointResponse>
  userinfo(accessToken: string): Promise<oauth.UserInfoResponse>
  /** The status of a request to the API. */
  askApi(accessToken: string): Promise<number>
}

export async function visitor(
  { provider, site, api }: World,
  { dpop = false, resource = true }: { dpop?: boolean; resource?: boolean } = {},
): Promise<Visitor> {
  const cookies = new Map<string, string>()
  const proofs: string[] = []
  const issuer = new URL(provider.issuer)
  const client: oauth.Client = { client_id: dpop ? DPOP_CLIENT : PAGE_CLIENT }
  const key = dpop ? oauth.DPoP(client, await oauth.generateKeyPair('ES256')) : undefined
  const options = {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: (url: string, init: object) => {
      const { headers } = new Request(url, init)
      const proof = headers.get('dpop')
      if (proof) proofs.push(proof)
      return fetch(url, init)
    },
    ...(key && { DPoP: key }),
  }
  const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options))

  /** Goes to `url` as a browser would: with cookies, and after redirects until the page of the app. */
  const browse = async (url: URL, init: RequestInit = {}): Promise<{ url: URL; text: string }> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, { ...init, headers: { cookie }, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value) cookies.set(name, value)
      else cookies.delete(name)
    }
    const location = response.headers.get('location')
    if (!location) return { url, text: await response.text() }
    const next = new URL(location, url)
    return next.origin === site.origin ? { url: next, text: '' } : browse(next)
  }

  /** Once more if a nonce is wanted. */
  const withNonce = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return ask()
    }
  }

  return {
    proofs,
    async signIn(parameters = {}, { name = 'ann', password = PASSWORD } = {}) {
      const verifier = oauth.generateRandomCodeVerifier()
      const state = oauth.generateRandomState()
      const nonce = oauth.generateRandomNonce()
      const redirectUri = `${site.origin}/callback`
      const url = new URL(as.authorization_endpoint ?? '')
      url.search = new URLSearchParams({
        client_id: client.client_id,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid profile read',
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...(resource && { resource: api.resource }),
        ...parameters,
      }).toString()
      let at = await browse(url)
      if (at.url.origin !== site.origin) {
        const form = new URLSearchParams({ name, password, code: CODE, act: 'sign-in' })
        at = await browse(at.url, { method: 'POST', body: form })
      }
      const [, problem] = /role="alert">([^<]*)/.exec(at.text) ?? []
      if (problem) throw new Error(problem)
      const answer = oauth.validateAuthResponse(as, client, at.url, state)
      return withNonce(async () => {
        const response = await oauth.authorizationCodeGrantRequest(
          as,
          client,
          oauth.None(),
          answer,
          redirectUri,
          verifier,
          options,
        )
        return oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce })
      })
    },
    refresh: (refreshToken = '') =>
      withNonce(async () => {
        const response = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), refreshToken, options)
        return oauth.processRefreshTokenResponse(as, client, response)
      }),
    userinfo: (accessToken) =>
      withNonce(async () => {
        const response = await oauth.userInfoRequest(as, client, accessToken, options)
        return oauth.processUserInfoResponse(as, client, oauth.skipSubjectCheck, response)
      }),
    async askApi(accessToken) {
      const ask = () =>
        oauth.protectedResourceRequest(accessToken, 'GET', new URL('/me', api.origin), undefined, null, options)
      const status = (error: unknown): number => {
        if (error instanceof oauth.WWWAuthenticateChallengeError) return error.status
        throw error
      }
      try {
        return (await withNonce(ask)).status
      } catch (error) {
        return status(error)
      }
    },
  }
}
