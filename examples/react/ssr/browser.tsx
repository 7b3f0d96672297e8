import { AuthClient, jsonBackend, webStorage } from 'latchkey'
import { hydrateRoot, type Root, type RootOptions } from 'react-dom/client'
import { type Auth, AuthProvider } from '../auth.tsx'
import type { Credentials, User } from '../client.ts'
import { Page, type PageData } from './page.tsx'

/** Brings the rendered page to life: the client begins with what the server knew, and starts when React has hydrated. */
export function hydratePage(baseUrl: string, options?: RootOptions): { auth: Auth; root: Root } {
  const { initial, todos } = JSON.parse(document.getElementById('data')?.textContent ?? '') as PageData
  const auth = new AuthClient<Credentials, User>({
    baseUrl,
    backend: jsonBackend({ baseUrl, refreshVia: 'cookie', user: 'me' }),
    storage: webStorage('local'),
    initial,
  })
  const root = hydrateRoot(
    document.getElementById('app') as HTMLElement,
    <AuthProvider auth={auth}>
      <Page todos={todos} />
    </AuthProvider>,
    options,
  )
  return { auth, root }
}
