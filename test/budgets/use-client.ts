/** What an app does with a client, all of it in a short life: in Node and in a page. */
import type { AuthClient } from 'latchkey'

/** Signs in, makes requests, renews, and leaves a request and a refresh on the wire. */
export async function useClient(client: AuthClient, url: string): Promise<void> {
  client.subscribe(() => undefined)
  client.on('logout', () => undefined)
  await client.login({})
  const { signal } = new AbortController()
  await Promise.all([client.http.post('todos', { json: {} }), client.fetch(url, { signal })])
  await client.getAccessToken({ forceRefresh: true, signal })
  for (const late of [client.http('todos'), client.getAccessToken({ forceRefresh: true })]) late.catch(() => undefined)
}
