import type { AuthBackend } from '../backends/contract.js'
import { isObject, isSame, parseBody } from '../session/json.js'

/** A request, read: whatever its encoding, the fields of its body. */
export interface ReadRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly fields: unknown
}

/** How a backend calls one endpoint, learned by letting it call. */
export interface WireFormat<Input> {
  /** Whether `request` goes to this endpoint. */
  isCalledBy(request: { readonly url: string }): boolean
  /** The method it wants. */
  readonly method: string
  /** What the backend would send for `input`; `undefined` where it cannot say. */
  render(input: Input): ReadRequest | undefined
}

/** Learns how `call` of a backend looks on the wire; `sample` is any input that it takes. */
export function learnFormat<Input>(
  call: ((input: Input, context: Parameters<AuthBackend['login']>[1]) => Promise<unknown>) | undefined,
  sample: Input,
): WireFormat<Input> | undefined {
  const render = (input: Input): ReadRequest | undefined => {
    let sent: ReadRequest | undefined
    const fetch: typeof globalThis.fetch = (target, { method = 'GET', headers, body } = {}) => {
      const fields = body instanceof URLSearchParams ? Object.fromEntries(body) : parseBody(String(body ?? ''))
      sent = { method: method.toUpperCase(), url: String(target), headers: new Headers(headers), fields }
      return new Promise(() => undefined) // nobody waits for an answer
    }
    call?.(input, { fetch, signal: new AbortController().signal }).catch(() => undefined)
    return sent
  }
  const known = render(sample)
  return (
    known && {
      method: known.method,
      render,
      isCalledBy: ({ url }) => pathOf(known.url, url) === pathOf(url, url),
    }
  )
}

/** The fields of a request's body: JSON, a form, or a text. */
export async function readRequest(request: Request): Promise<ReadRequest> {
  const { method, url, headers } = request
  const text = await request.clone().text()
  const isForm = headers.get('content-type')?.includes('x-www-form-urlencoded')
  const fields = isForm ? Object.fromEntries(new URLSearchParams(text)) : parseBody(text)
  return { method, url, headers, fields }
}

/** Finds in requests what stands in the place where `template` has `probe`. */
export function createFinder(template: ReadRequest | undefined, probe: string) {
  const path = pathTo(template?.fields, probe)
  const [header, text = ''] = [...(template?.headers ?? [])].find(([, value]) => value.includes(probe)) ?? []
  const [prefix = '', suffix = ''] = text.split(probe)
  return ({ fields, headers }: ReadRequest): string | undefined => {
    if (path) {
      const value = path.reduce<unknown>((part, key) => (isObject(part) ? part[key] : undefined), fields)
      return typeof value === 'string' ? value : undefined
    }
    const value = header && headers.get(header)
    if (!value?.startsWith(prefix) || !value.endsWith(suffix)) return undefined
    return value.slice(prefix.length, value.length - suffix.length)
  }
}

/** Whether `request` says what `template` does: the same fields, and all the headers that are not about its encoding. */
export function isSameRequest(request: ReadRequest, template: ReadRequest): boolean {
  const headers = [...template.headers].filter(([name]) => name !== 'accept' && name !== 'content-type')
  const isSaidByHeaders = headers.every(([name, value]) => request.headers.get(name) === value)
  return isSaidByHeaders && isSame(request.fields, template.fields)
}

function pathTo(fields: unknown, probe: string): string[] | undefined {
  if (!isObject(fields)) return undefined
  for (const [key, value] of Object.entries(fields)) {
    if (value === probe) return [key]
    const rest = pathTo(value, probe)
    if (rest) return [key, ...rest]
  }
  return undefined
}

function pathOf(url: string, base: string): string {
  const { origin, pathname } = new URL(url, base)
  return origin + pathname
}
