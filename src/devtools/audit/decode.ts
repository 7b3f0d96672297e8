import { decodeClaims } from '../../session/claims.js'

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

/** What a token says where a text belongs. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Decodes a JWT; `undefined` for what is none, a JWE included; never throws. */
export function decode(token: string): Decoded | 'malformed' | undefined {
  const parts = token.length > LONGEST ? [] : token.split('.')
  const [head = '', body = '', signature = ''] = parts
  const looksRight = OPENING.test(head)
  if (parts.length !== 3) return looksRight && parts.length !== 5 ? 'malformed' : undefined
  // Header and claims are written alike.
  const header = decodeClaims(`_.${head}.`)
  const claims = decodeClaims(`_.${body}.`)
  if (header && claims && /^[\w-]*$/.test(signature)) return { header, claims, signature }
  return (header ? claims || 'alg' in header || 'typ' in header : looksRight || claims) ? 'malformed' : undefined
}
