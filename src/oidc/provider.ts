import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  clockTolerance as clockToleranceOf,
  customFetch,
  type DPoPHandle,
  discoveryRequest,
  type HttpRequestOptions,
  processDiscoveryResponse,
} from 'oauth4webapi'
import type { BackendContext } from '../backends/contract.js'
import { AuthError, isAuthError } from '../errors.js'
import type { OidcOptions } from './options.js'

/** The provider, as this client knows it. */
export interface Provider {
  readonly id: string
  readonly issuer: URL
  readonly client: Client
  /** Endpoints and abilities, from the discovery document unless they are known. */
  discover(context: BackendContext): Promise<AuthorizationServer>
  /** How requests are sent. */
  http(context: BackendContext): HttpRequestOptions<'GET' | 'POST', URLSearchParams | undefined>
  /** Makes calls with a proof of the key, where tokens are bound to one. */
  withKey<T>(keyId: string | undefined, call: (proof: { DPoP?: DPoPHandle }) => Promise<T>): Promise<T>
}

export function createProvider(options: OidcOptions<unknown>): Provider {
  const { clientId, metadata, clockTolerance = 30_000, dpop } = options
  const issuer = parse(options.issuer)
  // Tokens of the other kind are of no use.
  const id = `${issuer.href} ${clientId}${dpop ? ' dpop' : ''}`
  let known: AuthorizationServer | undefined =
    metadata?.authorization_endpoint && metadata.token_endpoint
      ? asymmetric({ issuer: nameOf(options.issuer), ...metadata })
      : undefined

  // `fetch` of the context refuses plain http itself, but to loopback and where the app allows it.
  const http: Provider['http'] = ({ fetch, signal }) => ({
    [customFetch]: async (url, { body, ...init }) => {
      const response = await fetch(url, { ...init, ...(body && { body }) })
      dpop?.note(response, url)
      return response
    },
    [allowInsecureRequests]: issuer.protocol === 'http:',
    signal,
  })

  return {
    id,
    issuer,
    client: { client_id: clientId, [clockToleranceOf]: clockTolerance / 1000 },
    http,
    withKey: (keyId, call) => (dpop ? dpop.run(keyId, (DPoP) => call({ DPoP })) : call({})),
    async discover(context) {
      if (known) return known
      const response = await discoveryRequest(issuer, http(context))
      const { status } = response
      // Says nothing about the session, whatever the status would mean of the token endpoint.
      if (status >= 400 && status < 500 && status !== 429)
        throw new AuthError('misconfigured', `The provider answered ${status} to discovery: is \`issuer\` right?`, {
          status,
        })
      const document = await checked(response, processDiscoveryResponse(issuer, response))
      const found = asymmetric({ ...document, ...metadata })
      endpointOf(found, 'authorization_endpoint')
      endpointOf(found, 'token_endpoint')
      known = found
      return known
    },
  }
}

/** An endpoint of the provider, which has to be as safe as its issuer. */
export function endpointOf(
  server: AuthorizationServer,
  name: 'authorization_endpoint' | 'token_endpoint' | 'end_session_endpoint',
): URL {
  const endpoint = server[name]
  if (!endpoint || !URL.canParse(endpoint))
    throw new AuthError('misconfigured', `The provider does not say its \`${name}\`: give it in \`metadata\`.`)
  const url = new URL(endpoint)
  const { protocol } = url
  if (protocol === 'https:' || (protocol === 'http:' && server.issuer.startsWith(protocol))) return url
  throw new AuthError('insecure_url', `\`${name}\` of the provider is not https.`)
}

/** What a check of oauth4webapi finds wrong with an answer; its own errors hold tokens. */
export async function checked<T>(response: Response, checking: Promise<T>): Promise<T> {
  try {
    return await checking
  } catch (error) {
    if (!response.ok || isAuthError(error)) throw error
    throw refused(error)
  }
}

/** The error of an answer that does not pass its checks. */
export function refused(error: unknown): AuthError {
  const why = error instanceof Error ? error.message : 'unknown'
  return new AuthError('invalid_response', `The provider's answer was refused: ${why}.`)
}

/** A client without a secret takes no ID token that is not signed, or signed with one (RFC 8725, section 3.1). */
function asymmetric(server: AuthorizationServer): AuthorizationServer {
  const announced = server.id_token_signing_alg_values_supported
  if (!announced) return server
  return { ...server, id_token_signing_alg_values_supported: announced.filter((alg) => !/^(none|HS)/.test(alg)) }
}

/** As the provider writes it: a URL object has gained a slash. */
function nameOf(issuer: string | URL): string {
  if (typeof issuer === 'string') return issuer
  return issuer.pathname === '/' ? issuer.origin : issuer.href
}

function parse(issuer: string | URL): URL {
  if (URL.canParse(issuer)) return new URL(issuer)
  throw new AuthError('invalid_option', '`issuer` must be the URL of the provider.')
}
