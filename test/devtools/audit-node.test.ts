// @vitest-environment node
import { AuthClient, webStorage } from 'latchkey'
import { expect, it } from 'vitest'
import { audit } from '../../src/devtools/audit/index.ts'
import { forge, NOW } from './audit-tokens.ts'

it('works where there is no page, as in a test of the server that issues the tokens', () => {
  expect(typeof document).toBe('undefined')
  expect(audit(forge({}), { now: NOW })).toEqual([])
  expect(audit(forge({ claims: { iss: undefined } }), { now: NOW })).toMatchObject([{ code: 'no-issuer' }])

  const client = new AuthClient({ baseUrl: 'http://api.example.com', storage: webStorage('local') })
  expect(audit(client).map(({ code }) => code)).toEqual(['plain-http', 'refresh-token-in-storage'])
})
