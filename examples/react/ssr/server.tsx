import { AuthClient, jsonBackend, type TokenResponse } from 'latchkey'
import { renderToString } from 'react-dom/server'
import { AuthProvider } from '../auth.tsx'
import type { Credentials, User } from '../client.ts'
import { Page, type PageData } from './page.tsx'

/**
 * Renders the page for one request, by a client of its own: two requests share nothing. Send the result with
 * `Cache-Control: no-store`, since it holds an access token.
 *
 * @param tokens What your server knows of the person who asks: an access token, `user` and `expiresAt`. Without them, when
 *   they have expired, or when the API is away or refuses them, the page says what a browser says while it looks for a
 *   session, and the browser goes on from there.
 */
export async function renderPage(baseUrl: string, tokens?: TokenResponse<User>): Promise<string> {
  const initial = tokens && (tokens.expiresAt ?? Number.POSITIVE_INFINITY) > Date.now() ? tokens : undefined
  const auth = new AuthClient<Credentials, User>({
    baseUrl,
    backend: jsonBackend({ baseUrl, refresh: false, logout: false }), // only the browser has the cookie that renews
    initial,
    refresh: { when: 'on-demand' }, // no timer
    http: { retry: 0 }, // a page that waits is worse than one that asks again in the browser
  })
  try {
    const reading = initial ? auth.http.get('todos').json<PageData['todos']>() : Promise.resolve([])
    const todos = await reading.catch(() => undefined)
    if (!todos) return await renderPage(baseUrl)
    const html = renderToString(
      <AuthProvider auth={auth}>
        <Page todos={todos} />
      </AuthProvider>,
    )
    return `<div id="app">${html}</div><script type="application/json" id="data">${toJson({ initial, todos })}</script>`
  } finally {
    auth.dispose()
  }
}

/** JSON that cannot end the element that it stands in. */
function toJson(data: PageData): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}
