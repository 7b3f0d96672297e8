import type { IncomingMessage } from 'node:http'
import type { InteractionResults, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { type Act, loginPage, page } from './login-page.ts'
import { ONE_FACTOR, TWO_FACTORS } from './provider-configuration.ts'

/** What everybody types. */
export const PASSWORD = 'correct horse'
export const CODE = '123456'

type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<unknown>) => Promise<void>

/** The login page, as a part of the provider. */
export function interactions(
  provider: Provider,
  behaviour: { readonly acts: Act[]; readonly isolates: boolean },
): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) {
      await next()
      return
    }
    ctx.type = 'html'
    ctx.set('cache-control', 'no-store')
    if (behaviour.isolates) ctx.set('cross-origin-opener-policy', 'same-origin')
    const details = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined)
    if (!details) {
      // Somebody has come back to a login that is done.
      ctx.status = 400
      ctx.body = page('This sign-in has ended')
      return
    }
    const { params } = details
    const needsCode = String(params.acr_values ?? '').includes(TWO_FACTORS)
    const show = (problem?: string): void => {
      const name = params.login_hint ? String(params.login_hint) : undefined
      ctx.status = 200
      ctx.body = loginPage({ action: ctx.path, name, needsCode, problem, act: behaviour.acts.shift() })
    }
    if (ctx.method !== 'POST') return show()

    const form = new URLSearchParams(await read(ctx.req))
    const given = (name: string): string => form.get(name) ?? ''
    if (given('act') === 'sign-in') {
      const isRight = given('name') && given('password') === PASSWORD && (!needsCode || given('code') === CODE)
      if (!isRight) return show('Name, password or code is wrong.')
    }
    const result: InteractionResults =
      given('act') === 'sign-in'
        ? { login: { accountId: given('name'), acr: needsCode ? TWO_FACTORS : ONE_FACTOR } }
        : { error: 'access_denied', error_description: 'The person has cancelled the sign-in.' }
    ctx.status = 303
    ctx.redirect(await provider.interactionResult(ctx.req, ctx.res, result))
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) text += chunk
  return text
}
