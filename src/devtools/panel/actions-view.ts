import { isAuthError } from '../../errors.js'
import { canRenew } from '../../refresh/plan.js'
import { h, setText } from '../dom.js'
import { authorizationOf, isTokenCall } from '../recording/requests.js'
import { interceptWire } from '../recording/wire.js'
import type { Inspected, View } from '../view.js'

interface Action {
  readonly label: string
  readonly hint: string
  /** Does it; what came of it. */
  readonly act: () => string | Promise<string>
  /** Whether it is in force, for those that stay so. */
  readonly isOn?: () => boolean
}

const SIGNED_OUT = 'Nobody is signed in.'
const REFUSED = { error: 'invalid_token', error_description: 'Refused by Latchkey devtools.' }

/** What a developer wants to see happen. What it does to the client ends with it. */
export function createActionsView({ auth, inspection }: Inspected): View {
  const { settings, keeper, schedule } = inspection
  const { wire } = settings
  let goOnline: (() => void) | undefined
  /** The token that is refused, and of which generation it is: some servers give the same one again. */
  let refused = ''
  let refusedIn = ''
  let stopRefusing: (() => void) | undefined

  const tokenNow = (): string => keeper.current()?.tokens.accessToken ?? ''
  const generationNow = (): string => {
    const { id, generation } = keeper.current() ?? {}
    return `${id} ${generation}`
  }
  const accept = (): void => {
    stopRefusing?.()
    stopRefusing = undefined
    refused = ''
  }

  const actions: Action[] = [
    {
      label: 'Renew now',
      hint: 'Asks the server for a new token.',
      async act() {
        await auth.getAccessToken({ forceRefresh: true })
        return `Renewed: generation ${keeper.current()?.generation}.`
      },
    },
    {
      label: 'Expire',
      hint: 'Requests of this tab meet a 401 until the token is another.',
      isOn: () => !!stopRefusing,
      act() {
        if (stopRefusing) {
          accept()
          return 'The token is accepted again.'
        }
        refused = tokenNow()
        if (!refused) return SIGNED_OUT
        refusedIn = generationNow()
        stopRefusing = interceptWire(wire, async (input, init, next) => {
          const isRefused =
            generationNow() === refusedIn && !isTokenCall(init) && authorizationOf(input, init).endsWith(` ${refused}`)
          return isRefused ? Response.json(REFUSED, { status: 401 }) : next(input, init)
        })
        return 'The next request is refused, and renews the token.'
      },
    },
    {
      label: 'Forget the token',
      hint: 'This tab loses the access token, and gets another.',
      act() {
        const session = keeper.current()
        if (!session) return SIGNED_OUT
        const { backend } = settings
        // An access token that renews itself would be gone for good.
        const isRenewable = backend.refreshVia !== 'access-token' && canRenew(backend, session.tokens)
        if (!isRenewable) return 'Kept: nothing could get another.'
        keeper.amend({ tokens: { ...session.tokens, accessToken: '' } })
        schedule.check()
        return 'Forgotten.'
      },
    },
    {
      label: 'Go offline',
      hint: 'Requests of this tab get no answer.',
      isOn: () => !!goOnline,
      act() {
        if (goOnline) {
          goOnline()
          goOnline = undefined
          return 'Online.'
        }
        goOnline = interceptWire(wire, async () => {
          throw new TypeError('Failed to fetch: offline by Latchkey devtools.')
        })
        return 'Offline.'
      },
    },
    {
      label: 'Sign out',
      hint: 'Ends the session in all tabs.',
      async act() {
        await auth.logout()
        return 'Signed out.'
      },
    },
  ]

  const status = h('p', { class: 'outcome', role: 'status' })
  let round = 0
  let isDisposed = false
  const run = async ({ act }: Action): Promise<void> => {
    round += 1
    const mine = round
    let outcome: string
    try {
      // Rejects where the client has been disposed of, which nothing else would say.
      if (auth.state.status !== 'loading') await auth.start()
      if (isDisposed) return
      outcome = await act()
    } catch (error) {
      outcome = isAuthError(error) ? `${error.code}: ${error.message}` : 'It failed.'
    }
    if (mine === round) setText(status, outcome)
    show()
  }

  const buttons = actions.map((action) => {
    const button = h('button', { type: 'button', 'aria-describedby': idOf(action) }, action.label)
    button.addEventListener('click', () => void run(action))
    return button
  })
  const show = (): void => {
    actions.forEach(({ isOn }, index) => {
      const button = buttons[index]
      const isPressed = String(isOn?.())
      if (isOn && button?.getAttribute('aria-pressed') !== isPressed) button?.setAttribute('aria-pressed', isPressed)
    })
  }
  show()

  return {
    element: h(
      'div',
      { class: 'actions' },
      ...actions.map((action, index) =>
        h('div', {}, buttons[index] as Node, h('span', { class: 'note', id: idOf(action) }, action.hint)),
      ),
      status,
    ),
    update() {
      if (stopRefusing && generationNow() !== refusedIn) {
        accept()
        setText(status, 'The token is another: requests go through again.')
      }
      show()
    },
    dispose() {
      isDisposed = true
      accept()
      goOnline?.()
      goOnline = undefined
    },
  }
}

function idOf({ label }: Action): string {
  return `hint-${label.replaceAll(' ', '-')}`
}
