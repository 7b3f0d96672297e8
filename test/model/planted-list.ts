import type { models } from './models.ts'

/** A bug, as a change to the text of `src/`. */
export interface Planted {
  readonly letter: string
  readonly what: string
  /** The model that can show it. */
  readonly model: keyof typeof models
  /** What the broken promise has to say, where the bug may break lesser ones first. */
  readonly shows?: string
  /** Each text is in its file once. */
  readonly edits: readonly { readonly file: string; readonly text: string; readonly becomes: string }[]
}

/** The bugs that clients of this kind have had, or would have. */
export const planted: readonly Planted[] = [
  {
    letter: 'a',
    what: 'a lock and another look at the storage instead of the ledger',
    model: 'tabs',
    shows: 'a spent refresh token is sent again',
    edits: [
      {
        file: 'create-client.ts',
        text: "isPrivate: () => scope === 'memory' || store.isDenied",
        becomes: 'isPrivate: () => true',
      },
      { file: 'refresh/attempt.ts', text: 'const STORAGE_DELAY = 25', becomes: 'const STORAGE_DELAY = 0' },
    ],
  },
  {
    letter: 'b',
    what: 'a renewal is committed without comparing',
    model: 'tabs',
    edits: [
      {
        file: 'tabs/ledger.ts',
        text: 'const isOurs = !row || (isAt(row, at) && (row.attempt ?? attempt) === attempt)',
        becomes: 'const isOurs = !row || attempt > 0',
      },
    ],
  },
  {
    letter: 'c',
    what: 'a logout removes the record, and leaves no tombstone',
    model: 'tabs',
    edits: [
      {
        file: 'tabs/ledger.ts',
        text: 'isOther || row?.ended ? row : { ...at, ended }',
        becomes: 'ended ? row : at',
      },
    ],
  },
  {
    letter: 'd',
    what: 'who waits is tied to the signal of the first caller',
    model: 'one tab',
    edits: [
      {
        file: 'refresh/renewal.ts',
        text: '    life.throwIfAborted()\n    const patience',
        becomes:
          "    life.throwIfAborted()\n    if (!flight) signal?.addEventListener('abort', () => land(flight, signal.reason))\n    const patience",
      },
    ],
  },
  {
    letter: 'e',
    what: 'a 401 of an older generation causes a renewal',
    model: 'one tab',
    edits: [
      {
        file: 'refresh/renewal.ts',
        text: 'if (now.generation > session.generation) return await ensure(now, 0, signal)',
        becomes: '',
      },
    ],
  },
  {
    letter: 'f',
    what: 'a 5xx ends the session',
    model: 'tabs',
    edits: [
      {
        file: 'backends/failure.ts',
        text: 'return (status === 400 || status === 401)',
        becomes: 'return (status === 400 || status === 401 || status >= 500)',
      },
    ],
  },
  {
    letter: 'g',
    what: 'reading writes: who finds the record behind puts back what it has',
    model: 'tabs',
    edits: [
      {
        file: 'session/follower.ts',
        text: '    if (stored === null && !row?.ended) return false\n',
        becomes:
          '    if (stored === null && !row?.ended) return false\n    if (now && stored?.generation !== now.generation) await keeper.store()\n',
      },
    ],
  },
  {
    letter: 'h',
    what: 'no deadline over the body',
    model: 'one tab',
    edits: [
      {
        file: 'http/token-calls.ts',
        text: 'return inTime(read()).finally(() => deadline.abort())',
        becomes: 'return read().finally(() => deadline.abort())',
      },
      {
        file: 'refresh/attempt.ts',
        text: 'await within(environment, refresh.timeout + delay, renew(), late)',
        becomes: 'await (late && renew())',
      },
    ],
  },
  {
    letter: 'i',
    what: 'a lock is stolen without a fence: the one who had it commits all the same',
    model: 'tabs',
    edits: [
      {
        file: 'tabs/ledger.ts',
        text: 'isAt(row, at) && (row.attempt ?? attempt) === attempt',
        becomes: 'row.id === at.id && attempt > 0 && !row.ended',
      },
    ],
  },
  {
    letter: 'j',
    what: 'listeners run unguarded inside the attempt',
    model: 'one tab',
    edits: [
      {
        file: 'events.ts',
        text: 'new Promise((resolve) => resolve(entry.listener(event as never))).catch(report)',
        becomes: 'if (report) entry.listener(event as never)',
      },
    ],
  },
  {
    letter: 'k',
    what: "the server's expiry is compared with the clock of the page",
    model: 'wrong clock',
    edits: [
      {
        file: 'session/session.ts',
        text: 'let expiresAt = isNumber(answer.lifetime) ?',
        becomes: 'let expiresAt = isNumber(answer.lifetime) && !isNumber(end) ?',
      },
      { file: 'session/session.ts', text: 'expiresAt = end - clockOffset', becomes: 'expiresAt = end' },
    ],
  },
  {
    letter: 'l',
    what: 'a timer beyond 32 bits',
    model: 'one tab',
    edits: [
      {
        file: 'refresh/schedule.ts',
        text: 'Math.min(Math.max(0, Math.ceil(delay)), LONGEST)',
        becomes: 'LONGEST && Math.max(0, Math.ceil(delay))',
      },
    ],
  },
  {
    letter: 'm',
    what: 'an heir tries the refresh token again without waiting',
    model: 'tabs',
    edits: [{ file: 'refresh/attempt.ts', text: 'const ON_ITS_WAY = 1000', becomes: 'const ON_ITS_WAY = 0' }],
  },
  {
    letter: 'n',
    what: 'a broadcast is believed: the record is adopted without a look at the ledger',
    model: 'tabs',
    edits: [
      {
        file: 'session/follower.ts',
        text: "hint === 'changed' ? look()",
        becomes:
          "hint === 'changed' ? store.load().then((stored) => (stored ? keeper.follow(stored) : look())).then(onSettled)",
      },
    ],
  },
  {
    letter: 'o',
    what: 'the origin is compared as text',
    model: 'tabs',
    edits: [
      {
        file: 'http/destinations.ts',
        text: 'origin === target.origin && ',
        becomes: 'origin.startsWith(target.origin) && ',
      },
    ],
  },
]
