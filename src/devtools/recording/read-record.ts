import { KEPT, type TabRecord } from './record.js'

const LATEST = 8.64e15 // what a `Date` can hold

/** A record that anybody may have written; `undefined` for what has not the shape of one. */
export function readRecord(found: unknown): TabRecord | undefined {
  const { id, role, number, openedAt, closedAt, ...lists } = found as TabRecord
  const generations = readList(lists.generations, 'session by', 'number from', KEPT.generations)
  const requests = readList(lists.requests, 'kind method path', 'number startedAt', KEPT.requests)
  const moments = readList(lists.moments, 'kind origin label', 'at generation', KEPT.moments)
  const isWhole =
    typeof id === 'string' &&
    (role === 'tab' || role === 'worker') &&
    [number, openedAt, closedAt ?? 0].every(isNumber) &&
    generations &&
    requests &&
    moments
  return isWhole ? { id, role, number, openedAt, closedAt, generations, requests, moments } : undefined
}

/** The last members of a list, if each has these texts and numbers, and whatever else it has are numbers, too. */
function readList<T>(list: readonly T[], texts: string, numbers: string, kept: number): readonly T[] | undefined {
  return Array.isArray(list) && list.every((each) => fits(each, texts, numbers)) ? list.slice(-kept) : undefined
}

function fits(value: unknown, texts: string, numbers: string): boolean {
  if (typeof value !== 'object' || !value) return false
  const members = new Map<string, unknown>(Object.entries(value))
  const isText = (name: string): boolean => typeof members.get(name) === 'string'
  return (
    texts.split(' ').filter(Boolean).every(isText) &&
    numbers.split(' ').every((name) => isNumber(members.get(name))) &&
    [...members].every(
      ([name, member]) =>
        member === undefined ||
        (name === 'renewal'
          ? fits(member, '', 'from to')
          : isNumber(member) || (isText(name) && `${texts} answer`.includes(name))),
    )
  )
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) < LATEST
}
