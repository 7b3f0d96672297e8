/** axios with the adapter on `fetch`, so that its network is the same as everybody's. */
import axios, { type AxiosInstance } from 'axios'
import { createAuthRefresh } from 'axios-auth-refresh'
import { applyAuthTokenInterceptor, getAccessToken, setAuthTokens } from 'axios-jwt'
import type { AuthServer } from '../realm/server.ts'
import { API, type Opened, TODO } from './subject.ts'

const create = (): AxiosInstance => axios.create({ baseURL: API, adapter: 'fetch' })

const calls = (api: AxiosInstance): Pick<Opened, 'get' | 'post'> => ({
  get: async () => (await api.get('/todos')).data,
  post: async () => (await api.post('/todos', TODO)).data,
})

export function openAuthRefresh(server: AuthServer): Opened {
  const api = create()
  let tokens = { access_token: '', refresh_token: '' }
  api.interceptors.request.use((config) => {
    config.headers.Authorization = `Bearer ${tokens.access_token}`
    return config
  })
  createAuthRefresh(api, async ({ response }) => {
    const { refresh_token } = tokens
    tokens = (await create().post('/refresh', { refresh_token })).data as typeof tokens
    response.config.headers.Authorization = `Bearer ${tokens.access_token}`
  })
  return {
    heals401: true,
    signIn: () => {
      tokens = server.issue()
    },
    ...calls(api),
  }
}

export function openAxiosJwt(server: AuthServer): Opened {
  const api = create()
  const convert = ({ access_token = '', refresh_token = '' }: Partial<Record<string, string>>) => ({
    accessToken: access_token,
    refreshToken: refresh_token,
  })
  // In Node it has no storage of its own.
  const items = new Map<string, string>()
  const memory = {
    get: async (key: string) => items.get(key) ?? null,
    set: async (key: string, value: string) => void items.set(key, value),
    remove: async (key: string) => void items.delete(key),
  }
  applyAuthTokenInterceptor(api, {
    requestRefresh: async (token) => convert((await create().post('/refresh', { token })).data as object),
    ...(globalThis.localStorage ? {} : { getStorage: () => memory }),
  })
  return {
    signIn: () => {
      const { access_token, refresh_token } = server.issue()
      return setAuthTokens({ accessToken: access_token, refreshToken: refresh_token })
    },
    ...calls(api),
    token: async () => (await getAccessToken()) ?? '',
  }
}
