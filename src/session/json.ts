/**
 * Parses JSON that a stranger may have written: `__proto__` keys are left out, and every object is frozen.
 *
 * @throws SyntaxError, which may quote the text: do not pass it on.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : Object.freeze(value)))
}

/** Whether `value` is an object in the sense of JSON: neither `null` nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether two values say the same as JSON, whatever the order of their keys. Objects of a class equal only themselves. */
export function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object' || !left || !right) return false
  const prototype = Object.getPrototypeOf(left)
  if (prototype !== Object.getPrototypeOf(right) || ![Object.prototype, Array.prototype, null].includes(prototype)) return false
  const entries = Object.entries(left)
  return (
    entries.length === Object.keys(right).length &&
    entries.every(([key, value]) => Object.hasOwn(right, key) && isSame(value, (right as Record<string, unknown>)[key]))
  )
}
