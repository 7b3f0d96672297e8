import { jsonBackend } from 'latchkey'
import { hostRefresh } from 'latchkey/worker'

const { baseUrl = '', via } = Object.fromEntries(new URLSearchParams(location.search)) as Record<
  string,
  string | undefined
>
const refreshVia = via === 'cookie' ? 'cookie' : 'body'
const body = ({ refreshToken }: { refreshToken?: string | undefined }): object =>
  refreshVia === 'cookie' ? {} : { refresh_token: refreshToken }
/** As the page would call it, but for a header that says who has called. */
hostRefresh(
  jsonBackend({
    baseUrl,
    refreshVia,
    refresh: { path: 'refresh', body, headers: () => ({ 'x-sent-by': 'worker' }) },
  }),
)
