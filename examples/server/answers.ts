import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'

/**
 * Answers 401 with the challenge that HTTP demands.
 *
 * @see [RFC 6750, section 3: the WWW-Authenticate response header](https://www.rfc-editor.org/rfc/rfc6750.html#section-3)
 */
export function unauthorized(c: Context, error: string, message: string) {
  // Only a token that was sent and refused is blamed in the header.
  c.header('WWW-Authenticate', error === 'invalid_token' ? 'Bearer error="invalid_token"' : 'Bearer')
  return c.json({ error, message }, 401)
}

/** Answers 422 with one message for each field. */
export function invalidFields(c: Context, fields: Readonly<Record<string, string>>) {
  return c.json({ error: 'validation_failed', fields }, 422)
}

/** Answers 429 with the seconds to wait. */
export function tooManyRequests(c: Context, waitMs: number) {
  c.header('Retry-After', String(Math.ceil(waitMs / 1000)))
  return c.json({ error: 'too_many_requests', message: 'Too many attempts. Try again later.' }, 429)
}

/**
 * Reads the body as a JSON object; no body counts as an empty one.
 *
 * @throws 415 when the body has another type: a form on a foreign page can post text, but not `application/json`.
 * @throws 400 when it is not a JSON object.
 */
export async function readJson(c: Context): Promise<Readonly<Record<string, unknown>>> {
  const text = await c.req.text()
  if (text === '') return {}
  if (!/^application\/json\s*(;|$)/i.test(c.req.header('Content-Type') ?? '')) {
    throw new HTTPException(415, { message: 'Send application/json.' })
  }
  const body = parse(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new HTTPException(400, { message: 'The body is not a JSON object.' })
  }
  return body as Record<string, unknown>
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
