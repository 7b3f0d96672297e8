import { QueryClient } from '@tanstack/react-query'
import { HTTPError, isAuthError } from 'latchkey'
import type { Auth } from './auth.tsx'

/**
 * Makes the app's query client, and ties it to the session. Latchkey answers a 401 with one renewal and one more try, so a
 * 401 that comes here is an answer: nothing in the app renews, and nothing tries again.
 *
 * At the end of a session all that was read is forgotten; whoever signs in next begins with nothing, and what stands on the
 * page is read anew.
 */
export function createQueries(auth: Auth): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        enabled: () => auth.state.status === 'authenticated',
        retry: (failures, error) => failures < 3 && isPassing(error),
      },
    },
  })
  auth.on('logout', () => forgetAll(queries))
  auth.subscribe(({ status }) => {
    if (status === 'authenticated') void readMissing(queries)
  })
  return queries
}

/** Whether the same request may succeed later: the server was away, or busy. */
function isPassing(error: unknown): boolean {
  if (isAuthError(error)) return error.retryable // `login_required` is not
  if (error instanceof HTTPError) return error.response.status >= 500
  return true
}

/** Not `clear()`: what is on the page would go on showing what it has. */
function forgetAll(queries: QueryClient): void {
  const cache = queries.getQueryCache()
  for (const query of cache.getAll()) {
    query.reset()
    if (query.getObserversCount() === 0) cache.remove(query)
  }
  queries.getMutationCache().clear()
}

/** Reads what is on the page, and could not be read while nobody was signed in. */
function readMissing(queries: QueryClient): Promise<void> {
  return queries.refetchQueries({
    type: 'active',
    predicate: ({ state }) => state.status === 'pending' && state.fetchStatus === 'idle',
  })
}
