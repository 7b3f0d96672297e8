import { type Environment, unlessAborted, within } from '../environment.js'
import { AuthError } from '../errors.js'
import type { TokenStorage } from '../storage/contract.js'
import { decodeRecord, encodeRecord } from './record.js'
import type { StoredSession } from './session.js'

/** The session's record in a storage that may throw, fill up, or never answer: none of that is passed on. */
export interface Store<User = unknown> {
  /** The session that is stored, or `undefined`; `null` where the storage could not be read. */
  load(): Promise<StoredSession<User> | undefined | null>
  /** Stores `session`; at once where the storage is synchronous. Resolves even if it failed. */
  save(session: StoredSession): Promise<void>
  /** Removes the record of the session `id`; a synchronous storage says whether it is that. */
  remove(id: string): Promise<void>
  /** Tries again what could not be written. */
  retry(): void
  /** Forgets what could not be written: another tab knows better. */
  drop(): void
  /** Removes the record, if it is the one that this tab has found first, or written last. */
  retract(): Promise<void>
  /** Whether something could not be written. */
  readonly isBehind: boolean
  /** Whether the storage holds all that this tab has to say. */
  readonly isSettled: boolean
  /** Whether the storage could not be read when it was asked first: from then on this tab lives in its own memory. */
  readonly isDenied: boolean
}

const PATIENCE = 3000
const SILENCE = new Error('no answer')

/** Wraps `storage`; `onFailure` hears of each failure. */
export function createStore<User>(
  storage: TokenStorage,
  key: string,
  backendId: string,
  environment: Environment,
  life: AbortSignal,
  onFailure: (error: AuthError) => void,
): Store<User> {
  /** What the storage should hold and may not hold yet; `undefined` when it does. */
  let wanted: string | null | undefined
  let isWriting = false
  let isSilent = false
  let isDenied: boolean | undefined
  /** What this tab has found first, or written last. */
  let own: unknown
  let written = Promise.resolve()

  const bounded = (answer: unknown): Promise<unknown> => within(environment, PATIENCE, Promise.resolve(answer), SILENCE)

  const fail = (action: string, error: unknown): void => {
    isSilent ||= error === SILENCE
    const message = `The storage could not be ${action}: the session ends with the page.`
    // An adapter's own error may quote the record.
    onFailure(
      new AuthError('storage_unavailable', message, { cause: error instanceof DOMException ? error : undefined }),
    )
  }

  const write = async (): Promise<void> => {
    isWriting = true
    while (wanted !== undefined) {
      const text = wanted
      try {
        const answer = text === null ? storage.removeItem(key) : storage.setItem(key, text)
        if (typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function') await bounded(answer)
        if (wanted === text) wanted = undefined
      } catch (error) {
        // What was asked for meanwhile decides whether the storage works.
        if (wanted !== text) continue
        isWriting = false
        return fail('written', error)
      }
    }
    isWriting = false
  }

  /** What is there; `null` where it could not be read. */
  const read = async (): Promise<unknown> => {
    try {
      const text = (await bounded(unlessAborted(Promise.resolve(storage.getItem(key)), life))) ?? undefined
      if (isDenied === undefined) own = text
      isDenied ??= false
      return text
    } catch (error) {
      isDenied ??= true
      fail('read', error)
      return null
    }
  }

  const put = (text: string | null): Promise<void> => {
    wanted = text
    own = text
    if (!isWriting) written = write()
    return isSilent ? Promise.resolve() : written
  }

  const drop = (): void => {
    wanted = undefined
  }

  return {
    get isBehind() {
      return wanted !== undefined && !isWriting
    },
    get isDenied() {
      return isDenied === true
    },
    get isSettled() {
      return wanted === undefined && !isWriting
    },
    async load() {
      const text = await read()
      return text === null ? text : decodeRecord<User>(text, backendId)
    },
    save: (session) => put(encodeRecord(session, backendId)),
    async remove(id) {
      try {
        const text = isWriting ? undefined : storage.getItem(key)
        Promise.resolve(text).catch(() => undefined)
        // Another tab may have signed somebody in since.
        if (typeof text === 'string' && decodeRecord(text, backendId)?.id !== id) return drop()
      } catch {}
      await put(null)
    },
    retry() {
      if (wanted !== undefined) void put(wanted)
    },
    drop,
    async retract() {
      if (own && (await read()) === own) await put(null)
    },
  }
}
