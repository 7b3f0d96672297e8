import { getResponse, http } from 'msw'
import { createProvider, type Provider } from '../oidc/provider.ts'
import { jwt } from '../support/jwt.ts'
import { network } from '../support/network.ts'
import { API } from './browser.ts'

export const KEYCLOAK = 'https://keycloak.test'
export const REALM = 'shop'

const wrap = (token: unknown): string => jwt({ inner: token, sub: 'ada', iat: seconds(), exp: seconds() + 300 })
const seconds = (): number => Math.floor(Date.now() / 1000)

function unwrap(token: string): string {
  const [, payload = ''] = token.split('.')
  return payload ? JSON.parse(Buffer.from(payload, 'base64url').toString()).inner : token
}

/** A provider as Keycloak is: under a path, and all of its tokens are JWTs, which keycloak-js decodes. */
export async function createKeycloak(): Promise<Provider> {
  const provider = await createProvider({ issuer: `${KEYCLOAK}/realms/${REALM}` })
  const answer = async (request: Request): Promise<Response> => {
    const response = await getResponse(provider.handlers, request)
    if (!response) throw new Error(`Nobody answers to ${request.url}.`)
    return response
  }
  network.use(
    http.post(`${KEYCLOAK}/*/token`, async ({ request }) => {
      const form = new URLSearchParams(await request.text())
      const spent = form.get('refresh_token')
      if (spent) form.set('refresh_token', unwrap(spent))
      const response = await answer(new Request(request.url, { method: 'POST', body: form }))
      if (!response.ok) return response
      const { access_token, refresh_token, ...others } = await response.json()
      return Response.json({ ...others, access_token: wrap(access_token), refresh_token: wrap(refresh_token) })
    }),
    http.all(`${API}/*`, ({ request }) => {
      const authorization = request.headers.get('authorization')?.replace(/\S+$/, unwrap) ?? ''
      return answer(new Request(request.url, { headers: { authorization } }))
    }),
    http.all(`${KEYCLOAK}/*`, ({ request }) => answer(request)),
  )
  return provider
}
