import type { Claims } from '../../session/claims.js'
import { clockTime, h, setText } from '../dom.js'
import { relative } from '../duration.js'

/** Shows the claims of a token, with moments in words. */
export interface ClaimsList {
  readonly element: HTMLElement
  show(claims: Claims | undefined, now: number): void
}

const MOMENTS = ['exp', 'nbf', 'iat', 'auth_time', 'updated_at']

export function createClaimsList(title: string): ClaimsList {
  const list = h('dl', { class: 'facts' })
  const element = h('details', { open: true }, h('summary', {}, title), list)
  /** The words beside moments, which change from second to second. */
  let words: (readonly [note: HTMLElement, at: number])[] = []
  let shown: Claims | undefined
  element.hidden = true

  return {
    element,
    show(claims, now) {
      if (claims !== shown) {
        shown = claims
        element.hidden = !claims
        words = []
        list.replaceChildren(
          ...Object.entries(claims ?? {}).map(([name, value]) => {
            const text = typeof value === 'string' ? value : JSON.stringify(value)
            const note = h('span', { class: 'note' })
            const at = MOMENTS.includes(name) && typeof value === 'number' ? value * 1000 : Number.NaN
            if (Math.abs(at) < 8.64e15) words.push([note, at])
            return h('div', {}, h('dt', {}, name), h('dd', {}, h('code', {}, text), ' ', note))
          }),
        )
      }
      for (const [note, at] of words) setText(note, `${clockTime(at)}, ${relative(at, now)}`)
    },
  }
}
