import { type Environment, unlessAborted, within } from '../environment.js'
import { AuthError } from '../errors.js'
import type { TokenStorage } from '../storage/contract.js'

/** One value in a storage that may throw, fill up, or never answer: none of that is passed on. */
export interface Store {
  /** What is stored, or `null`; `undefined` where the storage could not be read. */
  load(): Promise<string | null | undefined>
  /** Stores `text`; at once where the storage is synchronous. Resolves even if it failed. */
  save(text: string): Promise<void>
  /** Removes what is stored, unless a synchronous storage says that it is not `ours`. */
  remove(isOurs?: (text: string) => boolean): Promise<void>
  /** Tries again what could not be written. */
  retry(): void
  /** Forgets what could not be written: another tab knows better. */
  drop(): void
  /** Removes what is stored, if this tab wrote it. */
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
export function createStore(
  storage: TokenStorage,
  key: string,
  environment: Environment,
  life: AbortSignal,
  onFailure: (error: AuthError) => void,
): Store {
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
      wanted = undefined
      try {
        const answer = text === null ? storage.removeItem(key) : storage.setItem(key, text)
        if (typeof (answer as PromiseLike<unknown> | undefined)?.then === 'function') await bounded(answer)
      } catch (error) {
        // What was asked for meanwhile decides whether the storage works.
        if (wanted !== undefined) continue
        wanted = text
        isWriting = false
        return fail('written', error)
      }
    }
    isWriting = false
  }

  const load: Store['load'] = async () => {
    try {
      const text = await bounded(unlessAborted(Promise.resolve(storage.getItem(key)), life))
      if (isDenied === undefined) own = text
      isDenied ??= false
      return typeof text === 'string' ? text : null
    } catch (error) {
      isDenied ??= true
      fail('read', error)
      return undefined
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

  const remove: Store['remove'] = (isOurs) => {
    try {
      const text = isOurs && !isWriting && storage.getItem(key)
      if (text instanceof Promise) text.catch(() => undefined)
      else if (typeof text === 'string' && !isOurs?.(text)) {
        drop()
        return Promise.resolve()
      }
    } catch {}
    return put(null)
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
    load,
    save: put,
    remove,
    retry() {
      if (wanted !== undefined) void put(wanted)
    },
    drop,
    async retract() {
      if (own && (await load()) === own) await remove()
    },
  }
}
