import fc from 'fast-check'
import type { Command, Setting } from './one-tab.ts'
import { stepsOf } from './steps.ts'

const SECOND = 1000
const HOUR = 3600 * SECOND

/** Any server, clock, storage and app. */
export const setting: fc.Arbitrary<Setting> = fc.record({
  seed: fc.nat(),
  server: fc.record({
    via: fc.constantFrom('body', 'body', 'body', 'cookie'),
    isRotating: fc.boolean(),
    lifetime: fc.constantFrom(60, 300, 300, 300, 3600, 10, 0, -5, 30 * 86_400, 100 * 365 * 86_400),
    says: fc.constantFrom('expires_in', 'expires_in', 'both', 'exp', 'nothing'),
  }),
  skew: fc.constantFrom(0, 0, 0, 40 * SECOND, -2 * HOUR, 2 * HOUR),
  isStorageAsync: fc.boolean(),
  when: fc.constantFrom('always', 'always', 'always', 'on-demand'),
  timeout: fc.constantFrom(10_000, 3000),
  listeners: fc.constantFrom('listen', 'throw', 'ask for a token'),
})

const just = <T extends Command>(command: T): fc.Arbitrary<Command> => fc.constant(command)

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: just({ do: 'start' }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('login' as const), name: fc.constantFrom('A', 'B') }) },
  { weight: 3, arbitrary: just({ do: 'logout' }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set tokens' as const),
      which: fc.constantFrom('both', 'access', 'refresh'),
    }),
  },
  { weight: 1, arbitrary: just({ do: 'set user' }) },
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('request' as const),
      method: fc.constantFrom('GET', 'POST'),
      times: fc.constantFrom(1, 1, 2, 5),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      how: fc.constantFrom('plain', 'long', 'forced', 'rejected'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(9) }) },
  {
    weight: 16,
    arbitrary: fc.record({
      do: fc.constant('advance' as const),
      ms: fc.constantFrom(0, 1, 20, 100, 500, 500, 1000, 1000, 3000, 8000, 12_000, 31_000),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('live' as const), share: fc.constantFrom(0.3, 0.6, 0.89, 0.95, 1, 1.5) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('set clock' as const),
      by: fc.constantFrom(5 * SECOND, -5 * SECOND, 90 * SECOND, -90 * SECOND, HOUR, -HOUR, 24 * HOUR, -24 * HOUR),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('sleep' as const),
      ms: fc.constantFrom(10 * SECOND, 200 * SECOND, HOUR, 48 * HOUR),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wake' as const),
      event: fc.constantFrom('online', 'visibilitychange', 'pageshow', 'resume', 'focus'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('network' as const), isOnline: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('server' as const),
      mode: fc.constantFrom(
        ...([
          'ok',
          'ok',
          'ok',
          'ok',
          '500',
          '503 retry-after',
          '429 retry-after',
          'html',
          'empty',
          'no token',
        ] as const),
        ...([
          'refuse 400',
          'refuse 401',
          'blame client',
          'connection error',
          'answer lost',
          'hang',
          'hang in body',
        ] as const),
      ),
      retryAfter: fc.constantFrom(2, 20, 120, 10_000),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('api' as const),
      mode: fc.constantFrom('ok', 'ok', 'ok', '401', '401', '403', '500', 'connection error'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('revoke' as const), what: fc.constantFrom('session', 'access', 'access') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('storage' as const),
      fault: fc.constantFrom('none', 'none', 'throws', 'full', 'slow', 'very slow', 'silent'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reload' as const), how: fc.constantFrom('dispose', 'kill') }) },
  { weight: 1, arbitrary: just({ do: 'dispose' }) },
)

const login: Command[] = [
  { do: 'login', name: 'A' },
  { do: 'advance', ms: 1000 },
]

/** Most runs begin signed in, some at a server that takes no token: that is where things go wrong. */
const beginning = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Command[]>([]) },
  { weight: 4, arbitrary: fc.constant(login) },
  {
    weight: 1,
    arbitrary: fc.constant<Command[]>([
      ...login,
      { do: 'api', mode: '401' },
      { do: 'request', method: 'GET', times: 2 },
      { do: 'advance', ms: 3000 },
    ]),
  },
)

/** What may happen to a tab, in any order. */
export const steps = stepsOf(beginning, command, 30)
