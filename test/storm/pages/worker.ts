import { jsonBackend } from 'latchkey'
import { hostRefresh } from 'latchkey/worker'
import { obey, parameter, worldUrl } from './protocol.ts'

const refreshVia = parameter('via') === 'cookie' ? 'cookie' : 'body'
/** What a page would send, and a header that tells the server who has sent it. */
const body = ({ refreshToken }: { refreshToken?: string | undefined }): object =>
  refreshVia === 'cookie' ? {} : { refresh_token: refreshToken }
const refresh = { path: 'refresh', body, headers: () => ({ 'x-sent-by': 'worker' }) }
hostRefresh(jsonBackend({ baseUrl: worldUrl, refreshVia, refresh }))
obey({})
