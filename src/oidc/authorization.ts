import {
  AuthorizationResponseError,
  type AuthorizationServer,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  None,
  processAuthorizationCodeResponse,
  processPushedAuthorizationResponse,
  pushedAuthorizationRequest,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import type { BackendContext } from '../backends/contract.js'
import { AuthError, type AuthErrorCode } from '../errors.js'
import type { OidcOptions } from './options.js'
import { registered, requireCrypto } from './page.js'
import type { Pending } from './pending.js'
import { checked, endpointOf, type Provider, refused } from './provider.js'

/** An authorization request, ready to go. */
export interface AuthorizationRequest {
  readonly url: URL
  readonly pending: Pending
}

/**
 * Writes an authorization request: code flow with PKCE (S256), `state` and, for an ID token, `nonce`. By PAR where the
 * provider has it.
 *
 * @see [RFC 9700, section 2.1.1](https://www.rfc-editor.org/rfc/rfc9700.html#section-2.1.1)
 * @see [RFC 9126](https://www.rfc-editor.org/rfc/rfc9126.html)
 */
export async function requestAuthorization(
  provider: Provider,
  options: OidcOptions<unknown>,
  state: string,
  extra: Record<string, string> | undefined,
  context: BackendContext,
): Promise<AuthorizationRequest> {
  requireCrypto()
  const server = await provider.discover(context)
  const wanted: Record<string, string> = { scope: options.scope ?? 'openid', ...options.parameters, ...extra }
  const { client_id } = provider.client
  const verifier = generateRandomCodeVerifier()
  const nonce = wanted.scope?.split(' ').includes('openid') ? generateRandomNonce() : undefined
  const parameters: Record<string, string> = {
    ...wanted,
    client_id,
    response_type: 'code',
    redirect_uri: registered(options.redirectUri),
    state,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...(nonce && { nonce }),
  }
  const pushed = server.pushed_authorization_request_endpoint && (await push(provider, server, parameters, context))
  const url = endpointOf(server, 'authorization_endpoint')
  for (const [name, value] of Object.entries(pushed || parameters)) url.searchParams.set(name, value)
  const maxAge = wanted.max_age === undefined ? undefined : Number(wanted.max_age)
  return { url, pending: { asker: askerOf(provider, context), purpose: 'login', verifier, nonce, maxAge } }
}

/** Several clients may share a backend's server and client id, as for two accounts. */
export function askerOf({ id }: Provider, { storageKey }: BackendContext): string {
  return `${id} ${storageKey}`
}

async function push(
  { client, http }: Provider,
  server: AuthorizationServer,
  parameters: Record<string, string>,
  context: BackendContext,
): Promise<Record<string, string> | undefined> {
  try {
    const response = await pushedAuthorizationRequest(server, client, None(), parameters, http(context))
    const { request_uri } = await processPushedAuthorizationResponse(server, client, response)
    return { client_id: client.client_id, request_uri }
  } catch (error) {
    // Some announce it, and let no browser or public client use it.
    if (server.require_pushed_authorization_requests || context.signal.aborted) throw error
    return undefined
  }
}

/**
 * Buys the tokens for the code that the provider has answered with.
 *
 * @throws {@link AuthError} with `oauthError` where the provider answered with an error.
 */
export async function redeem(
  { client, discover, http, withKey }: Provider,
  { redirectUri }: OidcOptions<unknown>,
  answer: URLSearchParams,
  state: string,
  { verifier = '', nonce, maxAge }: Pending,
  context: BackendContext,
  keyId: string | undefined,
): Promise<TokenEndpointResponse> {
  const server = await discover(context)
  const code = validate(server, client, answer, state)
  const uri = registered(redirectUri)
  const expected = { ...(nonce && { expectedNonce: nonce }), ...(maxAge !== undefined && { maxAge }) }
  return withKey(keyId, async (proof) => {
    const how = { ...http(context), ...proof }
    const response = await authorizationCodeGrantRequest(server, client, None(), code, uri, verifier, how)
    return checked(response, processAuthorizationCodeResponse(server, client, response, expected))
  })
}

function validate(
  server: AuthorizationServer,
  client: Provider['client'],
  answer: URLSearchParams,
  state: string,
): URLSearchParams {
  try {
    const valid = validateAuthResponse(server, client, answer, state)
    if (valid.has('code')) return valid
    throw new Error('no code')
  } catch (error) {
    if (!(error instanceof AuthorizationResponseError)) throw refused(error)
    const { error: oauthError, error_description: description } = error
    const message = `The provider answered \`${oauthError}\`${description ? `: ${description}` : ''}.`
    throw new AuthError(codeOf(oauthError), message, { oauthError })
  }
}

/** What an error of the authorization endpoint means (RFC 6749, section 4.1.2.1; OpenID Connect Core, section 3.1.2.6). */
function codeOf(error: string): AuthErrorCode {
  if (/_required$/.test(error)) return 'login_required'
  if (/^(server_error|temporarily_unavailable)$/.test(error)) return 'server_error'
  return /^(invalid|unauthorized|unsupported|request|registration)_/.test(error)
    ? 'misconfigured'
    : 'invalid_credentials'
}
