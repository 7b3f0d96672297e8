import axios, { type AxiosInstance } from 'former/axios'
import { createAuthRefresh } from 'former/axios-auth-refresh'
import { applyAuthTokenInterceptor, clearAuthTokens, setAuthTokens } from 'former/axios-jwt'
import { AuthClient as SupabaseClient } from 'former/supabase'
import { type AuthBackend, jsonBackend } from 'latchkey'
import { http } from 'msw'
import { createAuthServer } from '../support/auth-server.ts'
import { network } from '../support/network.ts'
import { API } from './browser.ts'
import type { Former, FormerServer, Library } from './former.ts'
import { auth0, oidcClientTs } from './providers.ts'

function createServer(): ReturnType<typeof createAuthServer> & FormerServer {
  const server = createAuthServer({ baseUrl: API })
  network.use(...server.handlers)
  return Object.assign(server, {
    disconnect: (times?: number) => server.failNext('refresh', 'network-error', times),
  })
}

let projects = 0

const FORM = { username: 'ada', password: 'secret' }
const bare = (): AxiosInstance => axios.create({ baseURL: API, adapter: 'fetch' })

const interceptors: Library = {
  name: 'own interceptors with axios-auth-refresh',
  block: 'interceptors.ts',
  async use() {
    const server = createServer()
    const api = bare()
    const keep = ({ access_token = '', refresh_token = '' }: Record<string, string>): void => {
      localStorage.setItem('access_token', access_token)
      localStorage.setItem('refresh_token', refresh_token)
    }
    const token = (): string | undefined => localStorage.getItem('access_token') ?? undefined
    api.interceptors.request.use((config) => {
      if (token()) config.headers.Authorization = `Bearer ${token()}`
      return config
    })
    createAuthRefresh(api, async ({ response }) => {
      const refresh_token = localStorage.getItem('refresh_token')
      if (!refresh_token) throw new Error('Nobody is signed in.')
      keep((await bare().post('/refresh', { refresh_token })).data)
      response.config.headers.Authorization = `Bearer ${token()}`
    })
    return {
      server,
      options: {},
      token,
      signIn: async () => keep((await bare().post('/login', FORM)).data),
      async signOut() {
        localStorage.removeItem('access_token')
        localStorage.removeItem('refresh_token')
      },
      ask: () => api.get('/todos'),
    }
  },
}

/** Where the race of the two is looked at, too: the server can be slowed down. */
export async function useAxiosJwt(): Promise<Former & { server: ReturnType<typeof createServer> }> {
  const server = createServer()
  const api = bare()
  const tokensOf = ({ access_token = '', refresh_token = '' }: Record<string, string>) => ({
    accessToken: access_token,
    refreshToken: refresh_token,
  })
  applyAuthTokenInterceptor(api, {
    requestRefresh: async (refresh_token) => tokensOf((await bare().post('/refresh', { refresh_token })).data),
  })
  return {
    server,
    options: {},
    token: () => JSON.parse(localStorage.getItem(`auth-tokens-${process.env.NODE_ENV}`) ?? '{}').accessToken,
    signIn: async () => setAuthTokens(tokensOf((await bare().post('/login', FORM)).data)),
    signOut: clearAuthTokens,
    ask: () => api.get('/todos'),
  }
}

const axiosJwt: Library = { name: 'axios-jwt', block: 'axios-jwt.ts', use: useAxiosJwt }

const supabase: Library = {
  name: 'supabase auth-js',
  block: 'supabase.ts',
  async use() {
    const server = createServer()
    const project = 'https://abcdefghijklmnopqrst.supabase.co/auth/v1'
    const user = { id: 'ada', aud: 'authenticated', email: 'ada@example.com', app_metadata: {}, user_metadata: {} }
    network.use(
      http.post(`${project}/token`, async ({ request }) => {
        const isLogin = new URL(request.url).searchParams.get('grant_type') === 'password'
        const answer = await server.fetch(`${API}/${isLogin ? 'login' : 'refresh'}`, {
          method: 'POST',
          body: isLogin ? JSON.stringify(FORM) : await request.text(),
        })
        return answer.ok ? Response.json({ ...(await answer.json()), user }) : answer
      }),
      http.post(`${project}/logout`, () => new Response(null, { status: 204 })),
    )
    projects += 1 // it complains of two clients with one key
    const key = `sb-abcdefghijklmnopqrst${projects}-auth-token`
    const client = new SupabaseClient({ url: project, storageKey: key, autoRefreshToken: false, persistSession: true })
    await client.initialize()
    const refresh = { path: 'token?grant_type=refresh_token' }
    const backend: AuthBackend<object> = jsonBackend({
      baseUrl: project,
      login: 'token?grant_type=password',
      refresh,
      logout: 'logout?scope=local',
    })
    return {
      server,
      options: { backend },
      token: () => JSON.parse(localStorage.getItem(key) ?? '{}').access_token,
      async signIn() {
        const { error } = await client.signInWithPassword({ email: user.email, password: FORM.password })
        if (error) throw error
      },
      signOut: () => client.signOut({ scope: 'local' }),
      async ask() {
        const { data, error } = await client.getSession()
        if (!data.session) throw error ?? new Error('Nobody is signed in.')
      },
    }
  },
}

export const libraries: readonly Library[] = [interceptors, axiosJwt, oidcClientTs, auth0, supabase]
