import type { AuthBackend, BackendAnswer, BackendContext } from '../backends/contract.js'
import { failureOf, type TokenCall } from '../backends/failure.js'
import { type Environment, unlessAborted } from '../environment.js'
import { AuthError } from '../errors.js'
import { parseJson } from '../session/json.js'
import type { Destinations } from './destinations.js'

/** Calls the backend, and tells its failures apart. */
export type TokenCaller = <T>(
  call: TokenCall,
  run: (context: BackendContext) => Promise<T>,
  signal: AbortSignal,
  logoutOptions?: BackendContext['logoutOptions'],
) => Promise<T>

/** What a caller is made of. */
export interface TokenCallerParts {
  readonly backend: Pick<AuthBackend, 'refreshVia' | 'isFinal'>
  readonly environment: Environment
  readonly destinations: Destinations
  /** The deadline of one request, body included, in milliseconds. */
  readonly timeout: number
  readonly fetch: typeof globalThis.fetch
}

const LARGEST = 64 * 1024

export function createTokenCaller(parts: TokenCallerParts): TokenCaller {
  const { backend, environment, destinations, timeout } = parts
  const inCookie = backend.refreshVia === 'cookie'

  /** A `fetch` for token endpoints; `note` sees each answer, whatever the backend makes of it. */
  const createFetch =
    (signal: AbortSignal, note: (answer: BackendAnswer) => void): typeof globalThis.fetch =>
    async (input, init) => {
      const url = destinations.resolve(input instanceof Request ? input.url : input)
      if (!url) throw new AuthError('invalid_option', 'The URL of a token endpoint is relative, and there is no page here.')
      destinations.requireSecure(url)
      const deadline = new AbortController()
      const late = new AuthError('timeout', `The server gave no complete answer in ${timeout / 1000} s.`)
      const timer = environment.timers.set(() => deadline.abort(late), timeout)
      const signals = [signal, deadline.signal, ...(init?.signal ? [init.signal] : [])]
      const answering = async (): Promise<Response> => {
        const response = await parts.fetch(input, {
          ...init,
          signal: AbortSignal.any(signals),
          redirect: 'error',
          credentials: inCookie ? 'include' : 'omit',
          cache: 'no-store',
          referrerPolicy: 'no-referrer',
          keepalive: inCookie,
        })
        const text = await readText(response)
        const { status, headers } = response
        note({ status, headers, body: text ? parse(text) : undefined })
        return new Response(text || null, { status, statusText: response.statusText, headers })
      }
      try {
        // The race, since a body that hangs need not heed the signal, and engines differ in what they reject with.
        return await unlessAborted(answering(), deadline.signal)
      } finally {
        environment.timers.clear(timer)
      }
    }

  return async (call, run, signal, logoutOptions) => {
    let answer: BackendAnswer | undefined
    const fetch = createFetch(signal, (noted) => { answer = noted })
    try {
      return await unlessAborted(run({ fetch, signal, logoutOptions }), signal)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw failureOf(call, error, answer, backend.isFinal, environment.clock.now())
    }
  }
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  while (reader) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.byteLength
    if (size > LARGEST) {
      void reader.cancel()
      throw new AuthError('invalid_response', 'The answer is larger than 64 KiB: no token endpoint answers like that.')
    }
    text += decoder.decode(value, { stream: true })
  }
  return text + decoder.decode()
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}
