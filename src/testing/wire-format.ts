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
  /** Its whole address, or a path where `baseUrl` is relative. */
  readonly url: string
  /** The method it wants. */
  readonly method: string
  /** Whether `request` says all that each call of this endpoint says, such as a `grant_type`. */
  isSpokenBy(request: ReadRequest): boolean
  /** What the backend would send for `input`; `undefined` where it cannot say. */
  render(input: Input): ReadRequest | undefined
}

type Call<Input> = (input: Input, context: Parameters<AuthBackend['login']>[1]) => Promise<unknown>

/**
 * Learns how `call` of a backend looks on the wire, by two inputs that have nothing in common.
 *
 * @throws an `Error` if it sends nothing for them
 */
export function learnFormat<Input>(
  name: string,
  call: Call<Input> | undefined,
  samples: readonly [Input, Input],
): WireFormat<Input> | undefined {
  if (!call) return undefined
  const render = (input: Input): ReadRequest | undefined => {
    let sent: ReadRequest | undefined
    const fetch: typeof globalThis.fetch = (target, { method = 'GET', headers, body } = {}) => {
      const fields = body instanceof URLSearchParams ? Object.fromEntries(body) : parseBody(String(body ?? ''))
      sent = { method: method.toUpperCase(), url: String(target), headers: new Headers(headers), fields }
      return new Promise(() => undefined) // nobody waits for an answer
    }
    call(input, { fetch, signal: new AbortController().signal }).catch(() => undefined)
    return sent
  }
  const [known, other] = samples.map(render)
  if (!known || !other)
    throw new Error(
      `The mocked server cannot see how the backend calls \`${name}\`: it has to send its request at once.`,
    )
  const constants = leavesOf(known.fields).filter(([path, value]) => isSame(valueAt(other.fields, path), value))
  return {
    url: known.url,
    method: known.method,
    render,
    isSpokenBy: ({ fields }) => constants.every(([path, value]) => isSame(valueAt(fields, path), value)),
  }
}

/** The text of a request, and its fields: JSON or a form as an object, else the text. */
export async function readBody(request: Request): Promise<{ readonly text: string; readonly body: unknown }> {
  const text = await request.clone().text()
  const isForm = request.headers.get('content-type')?.includes('x-www-form-urlencoded')
  return { text, body: isForm ? Object.fromEntries(new URLSearchParams(text)) : parseBody(text) }
}

/** Finds in requests what stands in the place where `template` has `probe`; `undefined` where it has it nowhere. */
export function createFinder(template: ReadRequest | undefined, probe: string) {
  const [path] = leavesOf(template?.fields).find(([, value]) => value === probe) ?? []
  const [header, text = ''] = [...(template?.headers ?? [])].find(([, value]) => value.includes(probe)) ?? []
  if (!path && !header) return undefined
  const [prefix = '', suffix = ''] = text.split(probe)
  return ({ fields, headers }: Pick<ReadRequest, 'fields' | 'headers'>): string | undefined => {
    const value = path ? valueAt(fields, path) : headers.get(header as string)
    if (typeof value !== 'string') return undefined
    if (path) return value
    if (!value.startsWith(prefix) || !value.endsWith(suffix)) return undefined
    return value.slice(prefix.length, value.length - suffix.length)
  }
}

/** Whether `request` may come from who would send `template`: nothing in it says otherwise, but for its encoding. */
export function isLike(template: ReadRequest | undefined, request: ReadRequest, ignored?: string): boolean {
  if (!template) return false
  const unsaid = ['accept', 'content-type', ignored?.toLowerCase()]
  // The names of happy-dom's `Headers` are not in lower case.
  const headers = [...template.headers].filter(([name]) => !unsaid.includes(name.toLowerCase()))
  const fields = leavesOf(request.fields).map(([path, value]) => [value, valueAt(template.fields, path)] as const)
  return (
    headers.every(([name, value]) => request.headers.get(name) === value) &&
    fields.every(([value, expected]) => expected === undefined || isSame(value, expected))
  )
}

type Leaf = readonly [path: readonly string[], value: unknown]

function leavesOf(fields: unknown): Leaf[] {
  if (!isObject(fields)) return fields === undefined ? [] : [[[], fields]]
  return Object.entries(fields).flatMap(([key, part]) =>
    leavesOf(part).map(([path, value]): Leaf => [[key, ...path], value]),
  )
}

function valueAt(fields: unknown, path: readonly string[]): unknown {
  return path.reduce((part, key) => (isObject(part) && Object.hasOwn(part, key) ? part[key] : undefined), fields)
}
