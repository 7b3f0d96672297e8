import type { LedgerRow } from '../../environment.js'
import type { Session } from '../../session/session.js'
import { clockTime, h, setText } from '../dom.js'
import { relative } from '../duration.js'
import type { Inspected, View } from '../view.js'
import { createClaimsList } from './claims-list.js'
import { createTokenList } from './token-list.js'

const FACTS = [
  'Status',
  'User',
  'Session',
  'Generation',
  'Renewal',
  'Expiry',
  'Refresh',
  'Storage',
  'Ledger',
  'Lock',
  'Cookie mark',
] as const
type Fact = (typeof FACTS)[number]

/** How often storage and ledger are read after a change: they are written a little later than it is told. */
const READS = 2
const SCOPES = { origin: 'seen by all tabs', tab: 'seen by this tab', memory: 'in memory, seen by this tab' }
const VIAS = {
  body: 'by a token in script’s hands',
  cookie: 'by an HttpOnly cookie',
  'access-token': 'by the access token itself',
  none: 'not possible',
}

/** The session as it is now: who, for how long, where it is kept, and what its tokens say. */
export function createSessionView({ auth, inspection }: Inspected): View {
  const { settings, keeper } = inspection
  const { storageKey, storage, inCookie, environment, backend } = settings
  const scope = storage.scope ?? 'origin'
  const facts = new Map(FACTS.map((name): [Fact, HTMLElement] => [name, h('dd')]))
  const rows = [...facts].map(([name, value]) => h('div', { hidden: true }, h('dt', {}, name), value))
  const claims = createClaimsList('Claims of the access token')
  const idClaims = createClaimsList('Claims of the ID token')
  const tokens = createTokenList(environment)
  const element = h(
    'div',
    { class: 'session' },
    h('dl', { class: 'facts' }, ...rows),
    tokens.element,
    claims.element,
    idClaims.element,
  )
  let seen: readonly unknown[] = []
  let reads = 0
  let isDisposed = false
  let isAskingLock = false

  const show = (name: Fact, text: string | undefined): void => {
    const value = facts.get(name) as HTMLElement
    const row = value.parentElement
    if (row && row.hidden === (text !== undefined)) row.hidden = text === undefined
    setText(value, text ?? '')
  }
  /** Shows what a storage or the browser says, in its own time. */
  const ask = async (name: Fact, answer: () => Promise<string>): Promise<void> => {
    let text = 'not to be had'
    try {
      text = await answer()
    } catch {
      // A storage that is denied, or a database that is broken.
    }
    if (!isDisposed) show(name, text)
  }

  const nameOfRow = (session: Session | undefined): string | undefined => {
    if (inCookie && scope !== 'origin') return `${storageKey}.cookie`
    if (scope === 'memory') return undefined
    return scope === 'tab' ? session?.id : storageKey
  }

  const readAround = (session: Session | undefined): void => {
    const { ledger } = environment
    const name = nameOfRow(session)
    void ask('Storage', async () => {
      const record = await storage.getItem(storageKey)
      return `${SCOPES[scope]}, ${record ? `record of ${record.length} characters` : 'no record'}`
    })
    if (ledger && name) void ask('Ledger', async () => rowInWords(await ledger.read(name)))
    else show('Ledger', 'this tab’s own')
    if (inCookie) {
      void ask('Cookie mark', async () => {
        // To read `localStorage` throws where cookies are blocked.
        const marks = environment.marks ?? globalThis.localStorage
        return (await marks.getItem(`${storageKey}.mark`)) === null ? 'not set' : 'set'
      })
    }
  }

  const readLock = async (session: Session | undefined): Promise<void> => {
    const name = inCookie ? storageKey : nameOfRow(session)
    const { locks } = (globalThis.navigator ?? {}) as { locks?: LockManager }
    // A busy page updates often, and the browser answers in its own time.
    if (isAskingLock || !name || typeof locks?.query !== 'function') return
    isAskingLock = true
    await ask('Lock', async () => lockInWords(name, await locks.query()))
    isAskingLock = false
  }

  return {
    element,
    update(now) {
      const { state } = auth
      const session = state.status === 'authenticated' ? keeper.current() : undefined
      const last = auth.explain().at(-1)
      if (session !== seen[0] || state !== seen[1] || last !== seen[2]) reads = READS
      seen = [session, state, last]
      if (reads > 0) {
        reads -= 1
        readAround(session)
      }
      void readLock(session)

      const { tokens: held, renewAt, id, generation, receivedAt } = session ?? {}
      const moment = (at: number | undefined): string | undefined =>
        at === undefined ? undefined : `${relative(at, now)}, at ${clockTime(at)}`
      const isIn = state.status === 'authenticated'
      show(
        'Status',
        state.status === 'unauthenticated'
          ? `signed out (${state.reason})`
          : isIn
            ? `signed in, ${state.freshness}`
            : 'loading',
      )
      show('User', isIn && state.user !== undefined ? JSON.stringify(state.user) : undefined)
      show('Session', id && `${id.slice(0, 6)}…`)
      show('Generation', session && `${generation}, since ${clockTime(receivedAt ?? now)}`)
      show('Renewal', backend.refresh && settings.refresh.when !== 'on-demand' ? moment(renewAt) : undefined)
      show('Expiry', session && (moment(held?.expiresAt) ?? 'unknown'))
      show('Refresh', VIAS[backend.refreshVia])
      tokens.show({ 'access token': held?.accessToken, 'refresh token': held?.refreshToken, 'ID token': held?.idToken })
      claims.show(session?.claims, now)
      idClaims.show(session?.idClaims, now)
    },
    dispose() {
      isDisposed = true
      tokens.dispose()
    },
  }
}

function rowInWords(row: LedgerRow | undefined): string {
  if (!row) return 'no row'
  const { generation, attempt, failure, ended } = row
  return [
    `generation ${generation}`,
    ended && `ended (${ended})`,
    attempt !== undefined && `attempt since ${clockTime(attempt)}`,
    failure && `${failure.count} failed (${failure.code})`,
  ]
    .filter((part) => part)
    .join(', ')
}

function lockInWords(name: string, { held = [], pending = [] }: LockManagerSnapshot): string {
  const isOurs = (lock: LockInfo): boolean => lock.name === name
  const waiting = pending.filter(isOurs).length
  return (held.some(isOurs) ? 'held' : 'free') + (waiting ? `, ${waiting} waiting` : '')
}
