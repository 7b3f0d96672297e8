import './clock.ts'
import axios from 'axios'
import { applyAuthTokenInterceptor, isLoggedIn, setAuthTokens } from 'axios-jwt'
import { worldUrl } from '../../pages/protocol.ts'
import { play } from './peer.ts'

const api = axios.create({ baseURL: worldUrl })

async function call(path: string, body: object): Promise<{ accessToken: string; refreshToken: string }> {
  const { data } = await axios.post(`${worldUrl}/auth/${path}`, body)
  return { accessToken: data.access_token, refreshToken: data.refresh_token }
}

applyAuthTokenInterceptor(api, { requestRefresh: (token) => call('refresh_token', { token }) })

play({
  login: async (username) => setAuthTokens(await call('login', { username })),
  async token() {
    const { config } = await api.get('/clock')
    const header = config.headers.get('Authorization')
    if (typeof header !== 'string') throw new Error('login_required')
    return header.replace('Bearer ', '')
  },
  isSignedIn: () => isLoggedIn(),
})
