import { isObject, parseJson } from '../../session/json.js'

/** A JSON object that a token holds. */
export type Fields = Readonly<Record<string, unknown>>

/** A JWT, decoded and not verified. */
export interface Decoded {
  readonly header: Fields
  readonly claims: Fields
  readonly signature: string
}

/** Nothing longer is looked into, as in the rest of Latchkey: decoding megabytes would take seconds. */
export const LONGEST = 16 * 1024

/** How the headers of nearly all JWTs begin: `{"alg":`, `{"typ":`, `{"kid":`. */
const OPENING = /^eyJ(hbGci|0eXAi|raWQi)/

/** Decodes a JWT; `undefined` for what is none, a JWE included; never throws. */
export function decode(token: string): Decoded | 'malformed' | undefined {
  const parts = token.length > LONGEST ? [] : token.split('.')
  const [head = '', body = '', signature = ''] = parts
  const looksRight = OPENING.test(head)
  if (parts.length !== 3) return looksRight && parts.length !== 5 ? 'malformed' : undefined
  const header = fields(head)
  const claims = fields(body)
  if (header && claims && /^[\w-]*$/.test(signature)) return { header, claims, signature }
  return (header ? claims || 'alg' in header || 'typ' in header : looksRight || claims) ? 'malformed' : undefined
}

function fields(part: string): Fields | undefined {
  try {
    if (!/^[\w-]+$/.test(part)) return undefined
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
