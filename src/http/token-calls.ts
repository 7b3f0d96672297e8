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
    const inTime = <T>(promise: Promise<T>, delay = refresh.timeout): Promise<T> => {
      const message = `The ${call} call got no complete answer in time: see \`refresh.timeout\`.`
      return within(environment, delay, promise, new AuthError('timeout', message))
    }

    const send: typeof globalThis.fetch = (input, init) => {
      const deadline = new AbortController()
      const read = async (): Promise<Response> => {
        destinations.requireSecure(destinations.locate(input instanceof Request ? input.url : input))
        // The answer to a call that gets none is not that of the one before.
        answer = undefined
        const response = await fetch(input, {
          ...init,
          signal: AbortSignal.any([signal, deadline.signal, init?.signal ?? signal]),
          redirect: 'error',
          credentials: inCookie ? 'include' : 'omit',
          cache: 'no-store',
          referrerPolicy: 'no-referrer',
          keepalive: inCookie,
        })
        const text = await readText(response)
        answer = { status: response.status, headers: response.headers, body: parseBody(text) }
        return new Response(text || null, response)
      }
      // Not by the signal: a body that hangs need not heed it, and engines differ in what they reject with.
      return inTime(read()).finally(() => deadline.abort())
    }

    try {
      const running = unlessAborted(run({ fetch: send, signal, storageKey, logoutOptions }), signal)
      // A login may wait for a person, and the answer to a refresh is wanted however late it comes.
      if (call === 'login' || call === 'refresh') return await running
      // Discovery, the code, and the code once more with another proof: each has a deadline of its own.
      return await inTime(running, (call === 'resume' ? 3 : 1) * refresh.timeout)
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw failureOf(call, error, answer, backend.isFinal?.bind(backend), environment.clock.now())
    }
  }
}

async function readText({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (;;) {
    const { value } = (await reader?.read()) ?? {}
    if (!value) return text
    size += value.byteLength
    if (size > LARGEST) {
      reader?.cancel().catch(() => undefined)
      throw new AuthError('invalid_response', 'The answer is larger than 64 KiB.')
    }
    text += decoder.decode(value, { stream: true })
  }
}
