import { audit, type Finding, type Severity } from '../audit/index.js'
import { h, setText } from '../dom.js'
import type { Inspected, View } from '../view.js'

const ICONS: Readonly<Record<Severity, string>> = { error: '✖', warning: '▲', info: 'ℹ' }

/** What the token doctor has to say about the client, and about the session that it has now. */
export function createDoctorView({ auth, inspection }: Inspected): View {
  const { keeper, settings } = inspection
  const summary = h('p', { role: 'status' })
  const list = h('ul', { class: 'findings' })
  const items = new Map<string, HTMLElement>()
  let seen: readonly unknown[] = []

  /** What could not be looked at. */
  const limits = (): string => {
    const session = keeper.current()
    if (!session) return ' Nobody is signed in: only the set-up was looked at.'
    return session.claims ? '' : ' The token is opaque: only its size can be told.'
  }

  const show = (findings: readonly Finding[]): void => {
    const wanted = new Map(findings.map((finding) => [JSON.stringify(finding), finding]))
    for (const [key, item] of items) {
      if (wanted.has(key)) continue
      item.remove()
      items.delete(key)
    }
    // What stays is not moved: it may have the focus.
    let before: Element | null = list.firstElementChild
    for (const [key, finding] of wanted) {
      const item = items.get(key) ?? itemOf(finding)
      if (item === before) before = before.nextElementSibling
      else list.insertBefore(item, before)
      items.set(key, item)
    }
    const count = findings.length
    setText(summary, `${count || 'No'} finding${count === 1 ? '' : 's'}.${limits()}`)
  }

  return {
    element: h('div', { class: 'doctor' }, summary, list),
    update() {
      const now = [keeper.current(), auth.state, settings.environment.location()]
      if (seen.length && now.every((each, index) => each === seen[index])) return
      seen = now
      show(audit(auth))
    },
  }
}

function itemOf({ severity, title, why, fix, references }: Finding): HTMLElement {
  const links = references.flatMap((reference) => [
    h('a', { href: reference.url, target: '_blank', rel: 'noreferrer' }, reference.title),
    ' ',
  ])
  return h(
    'li',
    { class: severity },
    h(
      'h3',
      {},
      h('span', { class: 'severity' }, h('span', { 'aria-hidden': 'true' }, ICONS[severity]), ` ${severity}`),
      ` ${title}`,
    ),
    h('p', {}, ...withCode(why)),
    h('p', {}, h('strong', {}, 'To mend it: '), ...withCode(fix)),
    h('p', { class: 'note' }, ...links),
  )
}

/** What stands between backticks as code. */
function withCode(text: string): (Node | string)[] {
  return text.split('`').map((part, index) => (index % 2 ? h('code', {}, part) : part))
}
