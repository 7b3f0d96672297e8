import type { AuthBackend, BackendAnswer, TokenCaller } from '../backends/contract.js'
import { failureOf } from '../backends/failure.js'
import { type Environment, unlessAborted, within } from '../environment.js'
import { AuthError } from '../errors.js'
import { parseBody } from '../session/json.js'
import type { Destinations } from './destinations.js'

/** What a caller is made of. */
export interface TokenCallerParts {
  readonly backend: Pick<AuthBackend, 'isFinal'>
  readonly environment: Environment
  readonly destinations: Destinations
  readonly inCookie: boolean
  readonly storageKey: string
  /** `timeout`: the deadline of one request, body included, in milliseconds. */
  readonly refresh: { readonly timeout: number }
  readonly fetch: typeof globalThis.fetch
}

const LARGEST = 64 * 1024

export function createTokenCaller(parts: TokenCallerParts): TokenCaller {
  const { backend, inCookie, storageKey, environment, destinations, fetch, refresh } = parts

  return async (call, run, signal, logoutOptions) => {
    let answer: BackendAnswer | undefined
    const late = (): AuthError =>
      new AuthError('timeout', `The ${call} call got no complete answer in ${refresh.timeout / 1000} s.`)

    const send: typeof globalThis.fetch = async (input, init) => {
      const url = destinations.resolve(input instanceof Request ? input.url : input)
      if (!url) throw new AuthError('invalid_option', 'A token endpoint is relative, and there is no page.')
      destinations.requireSecure(url)
      // The answer to a call that gets none is not that of the one before.
      answer = undefined
      const deadline = new AbortController()
      const signals = [signal, deadline.signal, init?.signal].filter((each) => !!each)
      const read = async (): Promise<Response> => {
        const response = await fetch(input, {
          ...init,
          signal: AbortSignal.any(signals),
          redirect: 'error',
          credentials: inCookie ? 'include' : 'omit',
          cache: 'no-store',
          referrerPolicy: 'no-referrer',
          keepalive: inCookie,
        })
        const { status, statusText, headers } = response
        const text = await readText(response)
        answer = { status, headers, body: parseBody(text) }
        return new Response(text || null, { status, statusText, headers })
      }
      // Not by the signal: a body that hangs need not heed it, and engines differ in what they reject with.
      return within(environment, refresh.timeout, read(), late()).finally(() => deadline.abort())
    }

    try {
      const running = unlessAborted(run({ fetch: send, signal, storageKey, logoutOptions }), signal)
      // A login may wait for a person, and the answer to a refresh is wanted however late it comes.
      if (call === 'login' || call === 'refresh') return await running
      // Discovery, the code, and the code once more with another proof: each has a deadline of its own.
      return await within(environment, (call === 'resume' ? 3 : 1) * refresh.timeout, running, late())
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
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (!value) return text + decoder.decode()
    size += value.byteLength
    if (size > LARGEST) {
      reader?.cancel().catch(() => undefined)
      throw new AuthError('invalid_response', 'The answer is larger than 64 KiB.')
    }
    text += decoder.decode(value, { stream: true })
  }
}
