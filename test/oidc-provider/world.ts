import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Listening, listen } from '../support/listen.ts'
import { type Api, startApi } from './api.ts'
import type { Setup } from './pages/app.ts'
import { type OpenIdProvider, startProvider } from './provider.ts'
import { DPOP_CLIENT, PAGE_CLIENT, type ProviderOptions } from './provider-configuration.ts'
import { type Site, startSite } from './site.ts'

/** What a world is like. */
export interface WorldOptions {
  /** How long access tokens live, in seconds. @default 600 */
  readonly lifetime?: number
  /** @default 'offered' */
  readonly par?: ProviderOptions['par']
  /** Access tokens for the API are JWTs; userinfo cannot be had with them. @default true */
  readonly jwt?: boolean
  readonly dpop?: boolean
  readonly userinfo?: boolean
  readonly popsUp?: boolean
}

/** A provider, an API, the site of an app, and the site of somebody else: four origins, for one test. */
export interface World {
  readonly provider: OpenIdProvider
  readonly api: Api
  readonly site: Site
  /** Another site, not only another origin, with an empty page. */
  readonly foreign: Listening & { readonly visits: readonly string[] }
  close(): Promise<void>
}

/** Starts all of it; `script` is what the pages of the app run. */
export async function openWorld(script: string, options: WorldOptions = {}): Promise<World> {
  const { lifetime = 600, par = 'offered', jwt = true, dpop = false, userinfo = false, popsUp = false } = options
  const setup = (): Setup => ({
    issuer: provider.issuer,
    clientId: dpop ? DPOP_CLIENT : PAGE_CLIENT,
    api: api.origin,
    scope: 'openid profile read',
    parameters: jwt ? { resource: api.resource } : {},
    userinfo,
    dpop,
    popsUp,
  })
  const site = await startSite(script, setup)
  const api = await startApi(site.origin, () => provider)
  const provider = await startProvider({ page: site.origin, resource: api.resource, lifetime, par })
  const visits: string[] = []
  const answer = ({ url = '' }: IncomingMessage, response: ServerResponse): void => {
    visits.push(url)
    response.setHeader('access-control-allow-origin', '*')
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Foreign</title>')
  }
  const foreign = await listen(answer, '127.0.0.1')
  return {
    provider,
    api,
    site,
    foreign: { ...foreign, visits },
    async close() {
      await Promise.all([site, api, provider, foreign].map((each) => each.close()))
    },
  }
}
