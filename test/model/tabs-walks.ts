import fc from 'fast-check'
import { stepsOf } from './steps.ts'
import type { TabsSetting } from './tab.ts'
import type { TabsCommand } from './tabs-commands.ts'

/** Any number of tabs, browser, storage and server. */
export const tabsSetting: fc.Arbitrary<TabsSetting> = fc
  .record({
    seed: fc.nat(),
    count: fc.constantFrom(1, 2, 2, 3, 4, 5),
    kind: fc.constantFrom(
      ...([
        { scope: 'origin', via: 'body' },
        { scope: 'origin', via: 'body' },
        { scope: 'origin', via: 'body' },
        { scope: 'origin', via: 'body' },
        { scope: 'origin', via: 'cookie' },
        { scope: 'tab', via: 'body' },
        { scope: 'memory', via: 'cookie' },
      ] as const),
    ),
    server: fc.constantFrom(
      ...[
        { isRotating: true, grace: -1 },
        { isRotating: true, grace: -1 },
        { isRotating: true, grace: 10_000 },
        { isRotating: false, grace: -1 },
      ],
    ),
    isLate: fc.constantFrom(true, true, false),
    hasLocks: fc.constantFrom(true, true, true, true, false),
    hasChannel: fc.constantFrom(true, true, true, true, false),
    lifetime: fc.constantFrom(60, 300, 300, 3600),
    when: fc.constantFrom('always', 'always', 'always', 'on-demand'),
    timeout: fc.constantFrom(10_000, 3000),
  })
  .map(({ kind, server, ...rest }) => ({ ...rest, ...kind, ...server }))

const tab = fc.nat(4)
const weighted = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })
const just = <T extends TabsCommand>(command: T): fc.Arbitrary<T> => fc.constant(command)
const on = <D extends TabsCommand['do'], R extends object>(name: D, rest: { [K in keyof R]: fc.Arbitrary<R[K]> }) =>
  fc.record<R>(rest).map((details) => ({ do: name, ...details }))

const command: fc.Arbitrary<TabsCommand> = fc.oneof(
  weighted(3, on('login', { tab, name: fc.constantFrom('A', 'B') })),
  weighted(3, on('logout', { tab })),
  weighted(12, on('request', { tab, times: fc.constantFrom(1, 1, 2) })),
  weighted(
    1,
    on('go astray', {
      tab,
      url: fc.constantFrom('https://api.test.evil.test/data', 'https://api.test@evil.test/', 'https://api.testing/'),
    }),
  ),
  weighted(6, on('ask', { tab, how: fc.constantFrom('plain', 'forced', 'rejected') })),
  weighted(1, on('abort', { which: fc.nat(9) })),
  weighted(20, on('advance', { ms: fc.constantFrom(0, 1, 5, 20, 100, 500, 500, 1000, 3000, 8000, 12_000, 31_000) })),
  weighted(10, on('live', { share: fc.constantFrom(0.3, 0.6, 0.89, 1, 1, 1.5) })),
  weighted(3, just({ do: 'open' })),
  weighted(2, on('duplicate', { tab })),
  weighted(5, on('crash', { tab })),
  weighted(3, on('reload', { tab })),
  weighted(1, on('close', { tab })),
  weighted(5, on('freeze', { tab, how: fc.constantFrom('freeze', 'hang', 'leave') })),
  weighted(5, just({ do: 'thaw' })),
  weighted(3, on('wake', { tab, event: fc.constantFrom('online', 'visibilitychange', 'pageshow', 'resume', 'focus') })),
  weighted(2, on('network', { isOnline: fc.boolean() })),
  weighted(
    7,
    on('server', {
      mode: fc.constantFrom(
        ...(['ok', 'ok', 'ok', 'ok', '500', '503 retry-after', '429 retry-after', 'html', 'empty'] as const),
        ...(['refuse 400', 'refuse 401', 'connection error', 'answer lost', 'slow', 'hang', 'hang in body'] as const),
      ),
      retryAfter: fc.constantFrom(2, 20, 120, 10_000),
    }),
  ),
  weighted(2, on('api', { mode: fc.constantFrom('ok', 'ok', 'ok', '401', '403', '500') })),
  weighted(2, on('revoke', { what: fc.constantFrom('session', 'access', 'access', 'access') })),
  weighted(1, on('clear', { tab, isByTab: fc.boolean() })),
  weighted(2, on('forge', { hint: fc.constantFrom<unknown>('changed', 'wanted', 'logout', null, { id: 'x' }) })),
)

const signedIn: TabsCommand[] = [
  { do: 'login', tab: 0, name: 'A' },
  { do: 'advance', ms: 1000 },
]

/** Most runs begin signed in; many with the moment at which all tabs want to renew. */
const beginning = fc.constantFrom<TabsCommand[][]>([], signedIn, signedIn, [...signedIn, { do: 'live', share: 1 }])

/** What may happen to several tabs, in any order. */
export const tabsSteps = stepsOf(beginning, command, 25)
