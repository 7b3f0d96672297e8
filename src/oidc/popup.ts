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

export function popupState(state: string): string {
  return MARK + state
}

/** Opens a window at once, while the browser still knows that the person has clicked. */
export function openPopup(): Popup {
  const popup = window.open('', '_blank', 'popup,width=500,height=700')
  if (!popup) throw new AuthError('aborted', 'The popup was blocked: call login() at a click.')
  return {
    ask: (url, state, signal) =>
      new Promise((resolve, reject) => {
        // Only pages of this origin are on the line. It does not depend on `opener`, which providers cut off.
        const line = new BroadcastChannel(state)
        const looking = setInterval(() => {
          // Cut off, too, a window looks closed; but then nobody is back on this page.
          if (popup.closed && document.hasFocus()) end(new AuthError('aborted', 'The popup was closed.'))
        }, LOOK)
        const abort = (): void => end(signal.reason)
        const end = (reason: unknown): void => {
          clearInterval(looking)
          signal.removeEventListener('abort', abort)
          line.close()
          reject(reason)
        }
        signal.addEventListener('abort', abort)
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

/** In the popup: hands `answer` to the page that opened it, and closes the window; `false` if nobody takes it. */
export function answerPopup(answer: URLSearchParams): Promise<boolean> | false {
  const state = answer.get('state') ?? ''
  if (!state.startsWith(MARK)) return false
  return new Promise((resolve) => {
    const line = new BroadcastChannel(state)
    let isHeard = false
    setTimeout(() => {
      line.close()
      resolve(isHeard)
    }, PATIENCE)
    line.onmessage = () => {
      isHeard = true
      window.close()
    }
    line.postMessage(answer.toString())
  })
}
