import { clockTime } from '../dom.js'
import type { RecordedGeneration, RecordedMoment, RecordedRequest, TabRecord } from '../recording/record.js'

/** What a tab is called. */
export function nameOf({ role, number, closedAt }: TabRecord, isOwn: boolean): string {
  const name = role === 'worker' ? 'Worker' : `Tab ${number}`
  return name + (isOwn ? ' · this tab' : '') + (closedAt === undefined ? '' : ' · closed')
}

/** The life of a token in a sentence. */
export function generationInWords({ number, by, from, until, expiresAt, renewal }: RecordedGeneration): string {
  const how = by === 'restored' ? 'found' : by === 'other-tab' ? 'taken over from another tab' : 'got'
  const expiry = expiresAt === undefined ? '' : `, expires at ${clockTime(expiresAt)}`
  const plan = renewal ? `, to be renewed from ${clockTime(renewal.from)} to ${clockTime(renewal.to)}` : ''
  return `Token ${number}, ${how} at ${clockTime(from)}${until === undefined ? `, in use${expiry}${plan}` : `, in use until ${clockTime(until)}`}.`
}

/** A request in a sentence. */
export function requestInWords(request: RecordedRequest): string {
  const { number, method, path, generation, replayOf, startedAt, endedAt, answer } = request
  const token = generation === undefined ? '' : ` with token ${generation}`
  const again = replayOf === undefined ? '' : `, request ${replayOf} once more`
  return `${clockTime(startedAt)} request ${number}${again}: ${method} ${path}${token}, ${
    answer === undefined || endedAt === undefined
      ? 'under way'
      : `${answer === 'failed' ? 'no answer' : answer} after ${Math.round(endedAt - startedAt)} ms`
  }.`
}

/** What happened at a moment, in a sentence. */
export function momentInWords({ at, kind, origin, generation, label, retryAt }: RecordedMoment): string {
  const where = origin === 'other-tab' ? ' by another tab' : ''
  const what = {
    'signed-in': `signed in${where}`,
    restored: `session restored with token ${generation}`,
    renewed: `${origin === 'other-tab' ? 'adopted' : 'renewed to'} token ${generation}`,
    failed: `renewal failed${where} (${label})${retryAt ? `, next try at ${clockTime(retryAt)}` : ''}`,
    expiring: 'about to expire, and nothing to renew it with',
    'signed-out': `signed out${where} (${label})`,
    degraded: 'storage denied: kept in memory',
    note: label,
  }[kind]
  return `${clockTime(at)} ${what}.`
}

/** All that a tab has done, in sentences, oldest first. */
export function recordInWords({ requests, moments, generations }: TabRecord): string[] {
  return [
    ...requests.map((each) => [each.startedAt, requestInWords(each)] as const),
    ...moments.map((each) => [each.at, momentInWords(each)] as const),
    ...generations.flatMap((each) => (each.until === undefined ? [[each.from, generationInWords(each)] as const] : [])),
  ]
    .sort(([one], [other]) => one - other)
    .map(([, words]) => words)
}
