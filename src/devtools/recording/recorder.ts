import { AuthError } from '../../errors.js'
import { type Inspection, inspect } from '../../inspection.js'
import type { RefreshOptions } from '../../options.js'
import { canRenew, planRenewal } from '../../refresh/plan.js'
import type { AuthEvent } from '../../session/auth-events.js'
import type { Session } from '../../session/session.js'
import type { AnyClient } from '../any-client.js'
import { readRecord } from './read-record.js'
import {
  KEPT,
  type MomentKind,
  newRecord,
  type RecordedGeneration,
  type RecordedRequest,
  type TabRecord,
  withRequest,
} from './record.js'
import { createRequestNotes } from './requests.js'
import { joinTabs } from './tabs.js'
import { interceptWire } from './wire.js'

/** Notes what a client does, for the timeline: names, moments and statuses, and never a token. */
export interface Recorder {
  /** What this tab has done; another object after each change. */
  readonly own: TabRecord
  /** Other tabs that record a client with the same `storageKey`, and workers, as far as they have told; closed ones, too. */
  readonly others: readonly TabRecord[]
  /** Calls `listener` after each change; hands back the undo. */
  subscribe(listener: () => void): () => void
  /** Puts words of the app's own on the timeline. They are stored, told to other tabs and exported: no secrets. */
  note(label: string): void
  /** Records no more, unless somebody else still does: then the client's `fetch` is as it was, and nothing is left. */
  stop(): void
}

interface Recording extends Omit<Recorder, 'stop'> {
  holders: number
  end(): void
}

const VERSION = 1
const ID = 6

// By what is the same behind a proxy: two elements on one page write one record.
const recordings = new WeakMap<Inspection, Recording>()

/**
 * Begins to note what `auth` does, or joins whoever does already. `<latchkey-devtools>` does so by itself; called before
 * `auth.start()`, it misses nothing. Over a reload the record waits in `sessionStorage`, by the name of `<storageKey>.devtools`.
 *
 * @throws {@link AuthError} `invalid_option` when `auth` is no client of this package.
 */
export function record(auth: AnyClient): Recorder {
  const inspection = inspect(Object(auth))
  if (!inspection)
    throw new AuthError('invalid_option', '`auth` is no client of this copy of Latchkey; is the package there twice?')
  const recording = recordings.get(inspection) ?? begin(auth, inspection)
  recordings.set(inspection, recording)
  recording.holders += 1
  let isHeld = true
  const stop = (): void => {
    if (!isHeld) return
    isHeld = false
    recording.holders -= 1
    if (recording.holders > 0) return
    recordings.delete(inspection)
    recording.end()
  }
  return Object.create(recording, { stop: { value: stop } }) as Recorder
}

function begin(auth: AnyClient, { settings, keeper }: Inspection): Recording {
  const { environment, backend, refresh, wire, prefixes } = settings
  const { now } = environment.clock
  const name = `${settings.storageKey}.devtools`
  const listeners = new Set<() => void>()
  let own = recall(name) ?? newRecord(environment.createId(), 'tab', now())

  const tell = (): void => {
    for (const listener of listeners) {
      try {
        listener()
      } catch (error) {
        environment.reportError(error)
      }
    }
  }
  const change = (changes: Partial<TabRecord>): void => {
    own = { ...own, ...changes }
    tabs.tell()
    tell()
  }
  const tabs = joinTabs({
    environment,
    name,
    own: () => own,
    renumber: (number) => change({ number }),
    onChange: tell,
  })

  const hear = (
    kind: MomentKind,
    { at, origin, generation, retryAt }: AuthEvent & { readonly retryAt?: number | undefined },
    label = '',
    generations = own.generations,
  ): void => {
    const moment = { at, kind, origin, generation, label, retryAt }
    change({ generations, moments: [...own.moments, moment].slice(-KEPT.moments) })
  }

  const finish = (at: number): readonly RecordedGeneration[] => {
    const last = own.generations.at(-1)
    if (!last || last.until !== undefined) return own.generations
    return [...own.generations.slice(0, -1), { ...last, until: at }]
  }

  /** The generations, with the tokens that the client has now. */
  const withTokens = (by: RecordedGeneration['by'], at: number): readonly RecordedGeneration[] => {
    const session = keeper.current()
    if (!session?.tokens.accessToken || isNoted(session)) return own.generations
    const { id, generation: number, receivedAt, renewAt, tokens } = session
    const before = own.generations.at(-1)
    const isAgain = before?.number === number && id.startsWith(before.session)
    const from = by === 'restored' && !isAgain ? Math.min(receivedAt, at) : at
    const { expiresAt } = tokens
    const isWide = number === 1 || (before?.expiresAt ?? at) <= receivedAt
    const generation = {
      session: id.slice(0, ID),
      number,
      by,
      from,
      expiresAt,
      renewAt,
      renewal: canRenew(backend, tokens) ? windowOf(receivedAt, expiresAt, renewAt, isWide, refresh) : undefined,
    }
    return [...finish(from), generation].slice(-KEPT.generations)
  }

  const isNoted = ({ id, generation }: Session): boolean => {
    const last = own.generations.at(-1)
    return !!last && last.until === undefined && last.number === generation && id.startsWith(last.session)
  }

  /** A session that was there before, or came without an event. */
  const look = (): void => {
    // The state first: to read it adopts `initial`.
    const { status } = auth.state
    const session = keeper.current()
    if (status !== 'authenticated' || !session?.tokens.accessToken || isNoted(session)) return
    const at = now()
    hear('restored', { at, origin: 'this-tab', generation: session.generation }, '', withTokens('restored', at))
  }

  const notes = createRequestNotes({
    now,
    known: () => own.requests,
    generationOf(authorization) {
      const session = keeper.current()
      return session?.tokens.accessToken && authorization.endsWith(` ${session.tokens.accessToken}`)
        ? session.generation
        : undefined
    },
    tokenCall: () => (keeper.current() ? 'refresh' : 'login'),
    base: environment.location,
    origin() {
      const [prefix] = prefixes
      return prefix === undefined ? undefined : new URL(prefix, environment.location()).origin
    },
    note: (request) => change({ requests: withRequest(own.requests, request, KEPT.requests) }),
  })

  const undo = [
    interceptWire(wire, notes),
    auth.on('login', (event) => hear('signed-in', event, '', withTokens(event.origin, event.at))),
    auth.on('refresh', (event) => hear('renewed', event, '', withTokens(event.origin, event.at))),
    auth.on('refreshFailed', (event) => hear('failed', event, String(event.error.status ?? event.error.code))),
    auth.on('expiring', (event) => hear('expiring', event)),
    auth.on('storageDegraded', (event) => hear('degraded', event)),
    auth.on('logout', (event) => {
      const isLost = event.error?.code === 'refresh_lost'
      hear('signed-out', event, isLost ? 'refresh_lost' : event.reason, finish(event.at))
    }),
    // After the events: a state is told before the event that it belongs to.
    auth.subscribe(() => queueMicrotask(look)),
    environment.lifecycle.listen((event) => {
      if (event === 'pagehide') hide()
      if (event === 'pageshow' && own.closedAt !== undefined) show()
    }),
  ]

  const hide = (): void => {
    own = { ...own, closedAt: now(), generations: finish(now()) }
    remember(name, own)
    tabs.leave()
  }
  const show = (): void => {
    own = { ...(recall(name) ?? own), closedAt: undefined }
    tabs.join()
    look()
  }

  look()
  tabs.join()

  return {
    holders: 0,
    get own() {
      return own
    },
    get others() {
      return tabs.others
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    note(label) {
      const generation = keeper.current()?.generation ?? 0
      hear('note', { at: now(), origin: 'this-tab', generation }, String(label))
    },
    end() {
      for (const each of undo) each()
      own = { ...own, closedAt: now() }
      tabs.leave()
      listeners.clear()
    },
  }
}

/** Where the moment of the renewal was picked: what the client's plan makes of the smallest and of the largest number. */
function windowOf(
  from: number,
  expiresAt: number | undefined,
  renewAt: number | undefined,
  isWide: boolean,
  options: RefreshOptions,
): RecordedGeneration['renewal'] {
  if (expiresAt === undefined || renewAt === undefined || renewAt >= expiresAt) return undefined
  if (options.spread === false) return { from: renewAt, to: expiresAt }
  const plan = (isEarly: boolean, random: number): number =>
    planRenewal(from, expiresAt, isEarly, () => random, options)
  const isEarly = isWide || renewAt < plan(false, 0) - 1
  return { from: Math.min(plan(isEarly, 0), renewAt), to: Math.max(renewAt, plan(isEarly, 1)) }
}

// A reload goes on with its record. It is there only while no page is: a duplicated tab begins anew.

function recall(name: string): TabRecord | undefined {
  try {
    const { sessionStorage } = window
    const text = sessionStorage.getItem(name)
    sessionStorage.removeItem(name)
    const { version, ...rest } = JSON.parse(text ?? '{}') as { readonly version?: unknown }
    const found = version === VERSION ? readRecord(rest) : undefined
    return found && { ...found, closedAt: undefined, requests: found.requests.filter(isEnded) }
  } catch {
    return undefined
  }
}

function remember(name: string, own: TabRecord): void {
  try {
    window.sessionStorage.setItem(name, JSON.stringify({ version: VERSION, ...own }))
  } catch {}
}

function isEnded({ endedAt }: RecordedRequest): boolean {
  return endedAt !== undefined
}
