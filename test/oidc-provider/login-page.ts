/** What a person does at the login page who is not led by the driver of a browser: in a popup, say. */
export type Act = Person | 'cancel' | 'close'

/** What a person types. */
export interface Person {
  readonly name: string
  readonly password: string
  /** The second factor, where the page asks for one. */
  readonly code?: string
}

/** The page on which a person signs in to the provider. */
export function loginPage(options: {
  action: string
  name?: string | undefined
  needsCode: boolean
  problem?: string | undefined
  act?: Act | undefined
}): string {
  const { action, name = '', needsCode, problem, act } = options
  return page(
    'Sign in',
    `${problem ? `<p role="alert">${problem}</p>` : ''}
    <form id="login" method="post" action="${action}">
      <label>Name <input name="name" value="${quoted(name)}" autocomplete="username"></label>
      <label>Password <input name="password" type="password" autocomplete="current-password"></label>
      ${needsCode ? '<label>Code <input name="code" autocomplete="one-time-code"></label>' : ''}
      <button id="sign-in" name="act" value="sign-in">Sign in</button>
      <button id="cancel" name="act" value="cancel">Cancel</button>
    </form>
    ${act === undefined ? '' : `<script>(${perform})(${JSON.stringify(act)})</script>`}`,
  )
}

/** The page on which a person confirms to sign out; `form` comes from the provider. */
export function logoutPage(form: string): string {
  return page(
    'Sign out?',
    `${form}<button id="sign-out" form="op.logoutForm" name="logout" value="yes">Yes, sign out</button>`,
  )
}

/** A page that says something. */
export function page(title: string, content = ''): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${content}</html>`
}

/** Runs in the page. */
function perform(act: Act): void {
  if (act === 'close') {
    close()
    return
  }
  if (act !== 'cancel') {
    for (const [name, value] of Object.entries(act)) {
      const field = document.querySelector<HTMLInputElement>(`input[name=${name}]`)
      if (field) field.value = value
    }
  }
  document.querySelector<HTMLButtonElement>(act === 'cancel' ? '#cancel' : '#sign-in')?.click()
}

function quoted(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
