/**
 * Parses JSON that a stranger may have written: `__proto__` keys are left out, and every object is frozen.
 *
 * @throws SyntaxError, which may quote the text: do not pass it on.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : Object.freeze(value)))
}

/** JSON, whatever the content type said; else the text as it is, such as a bare token or HTML; `undefined` if empty. */
export function parseBody(text: string): unknown {
  try {
    return text ? parseJson(text) : undefined
  } catch {
    return text
  }
}

/** Whether `value` is an object in the sense of JSON: neither `null` nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether two values say the same as JSON, whatever the order of their keys. Objects of a class equal only themselves. */
export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (!isPlain(left) || !isPlain(right)) return false
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]))
  )
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return Array.isArray(value) || (isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value)))
}
