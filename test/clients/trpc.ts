/** The API by tRPC. */
import { createTRPCClient, httpBatchLink } from '@trpc/client'
import { auth } from './auth.ts'
import type { AppRouter } from './router.ts'

const send = (url: RequestInfo | URL, init?: object) => auth.fetch(url, init)
const link = httpBatchLink({ url: 'https://api.example.com/trpc', fetch: send })
export const trpc = createTRPCClient<AppRouter>({ links: [link] })
