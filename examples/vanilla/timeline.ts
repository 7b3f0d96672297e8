import { type Axis, place, seconds } from './axis.ts'
import { clockTime, h, setText } from './dom.ts'

/** How an access token came to this page. */
export type Origin = 'issued' | 'renewed' | 'restored' | 'adopted'

/** The life of one access token. */
export interface Life {
  readonly generation: number
  readonly origin: Origin
  readonly from: number
  /** Unknown for opaque tokens. */
  readonly expiresAt: number | undefined
  /** The stretch in which the client renews the token: it picks a random moment there, so that a crowd is no herd. */
  readonly renewal: { readonly from: number; readonly to: number } | undefined
  /** When a newer token, or the end of the session, took over. */
  until?: number
  ending?: string
}

/** Something that happened while a token lived. */
export type MarkKind = 'ok' | 'retried' | 'refused' | 'failed' | 'ended'

/** Draws one band for each token that this tab has used. */
export interface Timeline {
  /** The token in use, if there is one. */
  readonly current: Life | undefined
  begin(life: Pick<Life, 'generation' | 'origin' | 'from' | 'expiresAt'>): void
  mark(kind: MarkKind, at: number, label: string): void
  end(at: number, label: string): void
}

const BANDS = 5

/** Makes the bands in `root`. */
export function createTimeline(root: HTMLElement, axis: Axis): Timeline {
  const bands = h('ol', { class: 'bands', 'aria-label': 'Access tokens, oldest first' })
  const empty = h('p', { class: 'empty' }, 'No token yet. Sign in, and each one gets a band of its own here.')
  root.append(bands, empty)

  let current: { life: Life; track: HTMLElement; words: HTMLElement } | undefined

  return {
    get current() {
      return current?.life
    },

    begin(token) {
      const before = current?.life
      if (current) place(current.track, 'handover', token.from)
      finish(token.from, 'renewed')
      const life: Life = { ...token, renewal: renewalWindow(token, before) }
      if (life.expiresAt !== undefined) axis.fit(life.expiresAt - life.from)

      const track = h('div', { class: 'track', 'aria-hidden': 'true' })
      if (life.expiresAt !== undefined) place(track, 'rest', life.from, life.expiresAt)
      if (life.renewal) place(track, 'window', life.renewal.from, life.renewal.to)
      place(track, 'bar live', life.from)
      if (life.expiresAt !== undefined) place(track, 'stale live', life.expiresAt)
      const words = h('span', { class: 'visually-hidden' })
      const name = h('span', { class: 'name', 'aria-hidden': 'true' }, String(life.generation))
      bands.append(h('li', {}, name, track, words))
      if (bands.childElementCount > BANDS) bands.firstElementChild?.remove()
      empty.hidden = true
      current = { life, track, words }
      setText(words, inWords(life))
    },

    mark(kind, at, label) {
      if (current) place(current.track, `mark ${kind}`, at).append(label)
    },

    end(at, label) {
      this.mark('ended', at, label)
      finish(at, label)
      current = undefined
    },
  }

  function finish(at: number, ending: string) {
    if (!current) return
    current.life.until = at
    current.life.ending = ending
    for (const part of current.track.querySelectorAll<HTMLElement>('.live')) {
      part.style.setProperty('--to', seconds(at))
      part.classList.remove('live')
    }
    setText(current.words, inWords(current.life))
  }
}

/** From 30 to 90 % of the life after a sign-in, or after a token that had expired; else from 80 to 90 %. */
function renewalWindow(
  token: Pick<Life, 'generation' | 'from' | 'expiresAt'>,
  before: Life | undefined,
): Life['renewal'] {
  if (token.expiresAt === undefined) return undefined
  const lifetime = token.expiresAt - token.from
  const late = before?.expiresAt !== undefined && before.expiresAt <= token.from
  const earliest = token.generation === 1 || late ? 0.3 : 0.8
  return { from: token.from + earliest * lifetime, to: token.from + 0.9 * lifetime }
}

/** What a screen reader says instead of the drawing. */
function inWords({ generation, origin, from, until, ending, expiresAt }: Life): string {
  const born = `Token ${generation}, ${origin} at ${clockTime(from)}`
  if (until !== undefined) return `${born}, ${ending} at ${clockTime(until)}.`
  return expiresAt === undefined ? `${born}, in use.` : `${born}, in use, expires at ${clockTime(expiresAt)}.`
}
