/** What TanStack Query has to know of the session. */
import { QueryClient } from '@tanstack/react-query'
import { isAuthError } from 'latchkey/core'
import { auth } from './auth.ts'

const ours = (error: Error) => [error, error.cause].find(isAuthError)
const retry = (failures: number, error: Error) => failures < 3 && ours(error)?.retryable !== false
export const queries = new QueryClient({ defaultOptions: { queries: { retry } } })
auth.on('logout', () => queries.clear())
