import { AuthError } from '../errors.js'

/** A window at the provider, and the line to the page of ours that it ends on. */
export interface Popup {
  /** Leads the window to `url`; resolves with the query that the provider answers with to `state`. */
  ask(url: URL, state: string, signal: AbortSignal): Promise<URLSearchParams>
  close(): void
}

/** How a `state` says that it belongs to a popup. */
const MARK = 'popup.'
/** The other side answers within this time, or is gone. */
const PATIENCE = 2000
const LOOK = 500
/** A broadcast may be lost while a page is frozen. */
const AGAIN = 250
/** The provider's page comes within this time. */
const COMING = 5000

export function popupState(state: string): string {
  return MARK + state
}

export function isPopupState(state: string): boolean {
  return state.startsWith(MARK)
}

/** Opens a window at once, while the browser still knows that the person has clicked. */
export function openPopup(): Popup {
  if (!globalThis.BroadcastChannel) throw new AuthError('misconfigured', 'A popup needs BroadcastChannel.')
  const popup = window.open('', '_blank', 'popup,width=500,height=700')
  if (!popup) throw new AuthError('aborted', 'The popup was blocked: call login() at a click.')
  return {
    ask: (url, state, signal) =>
      new Promise((resolve, reject) => {
        // Only pages of this origin are on the line. It does not depend on `opener`, which providers cut off.
        const line = new BroadcastChannel(state)
        const began = Date.now()
        const over = new AbortController()
        let goneAfter: number | undefined
        let isBack = false
        const look = (): void => {
          if (!popup.closed) return
          // What a provider cuts off (COOP), as its page comes, looks closed, too: then only the person coming back counts.
          goneAfter ??= Date.now() - began
          if (document.hasFocus() && (isBack || goneAfter > COMING))
            end(new AuthError('aborted', 'The popup was closed.'))
        }
        const looking = setInterval(look, LOOK)
        const end = (reason: unknown): void => {
          clearInterval(looking)
          over.abort()
          line.close()
          reject(reason)
        }
        const listening = { signal: over.signal }
        const move = ({ type }: Event): void => {
          isBack = type === 'focus'
        }
        for (const type of ['focus', 'blur']) addEventListener(type, move, listening)
        signal.addEventListener('abort', () => end(signal.reason), listening)
        line.onmessage = ({ data }: MessageEvent<unknown>) => {
          const answer = new URLSearchParams(String(data))
          if (answer.get('state') !== state) return
          line.postMessage('')
          resolve(answer)
          end(undefined)
        }
        popup.location.href = url.href
      }),
    close: () => popup.close(),
  }
}

/** In the popup: hands `answer` to the page that opened it, and closes the window; resolves only if nobody takes it. */
export async function answerPopup(answer: URLSearchParams): Promise<void> {
  const state = answer.get('state') ?? ''
  if (!isPopupState(state)) return
  await new Promise<void>((resolve, reject) => {
    const line = new BroadcastChannel(state)
    let isHeard = false
    setTimeout(() => {
      clearInterval(posting)
      line.close()
      // Still here: some windows cannot be closed by script.
      if (isHeard) reject(new AuthError('aborted', 'This window has handed its sign-in over.'))
      else resolve()
    }, PATIENCE)
    line.onmessage = () => {
      clearInterval(posting)
      isHeard = true
      window.close()
    }
    const post = (): void => line.postMessage(answer.toString())
    const posting = setInterval(post, AGAIN)
    post()
  })
}
