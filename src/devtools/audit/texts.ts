import type { Finding, FindingCode, Reference, Severity } from './finding.js'

const SEVERITIES: Readonly<Record<string, Severity>> = { e: 'error', w: 'warning', i: 'info' }

/**
 * Severity, why (`%` is what it is about), how to mend it, and where to read more: `8725-3.1` is a section of an RFC, the
 * others are OWASP's. The title is the code, unless one follows. Within a severity, findings come in this order.
 */
const TEXTS: Readonly<Record<FindingCode, string>> = {
  'not-a-client': 'w|Nothing was looked at: it is no client of this copy of the package.|Import both from one copy.|',
  'alg-none':
    'e|Anybody can write a token without a signature.|Sign it, and accept only that algorithm.|8725-3.1 JSON_Web_Token_for_Java#none-hashing-algorithm|Not signed',
  'alg-symmetric':
    'e|Who takes a public key for the shared secret can forge tokens.|Sign with a private key, and accept only that algorithm.|8725-3.1 8725-2.1|Shared secret',
  'key-in-header': 'e|Who trusts % in a token accepts forged tokens.|Name a known key by `kid`.|8725-3.10 7515-4.1.2',
  'malformed-token':
    'e|It looks like a JWT, but is cut off or damaged.|Look for what changes it: copying, a size limit, base64 for base64url.|7519-7.2',
  'secret-in-claims':
    'e|A JWT is signed, not encrypted: who holds it reads %.|Take it out, and replace that secret.|7519-12 JSON_Web_Token_for_Java#token-information-disclosure',
  'no-expiry':
    'e|A thief has the % for good.|Set `exp`: 15 to 30 minutes, days for refresh tokens.|7519-4.1.4 9068-2.2',
  'time-not-in-seconds': 'e|Servers misread %.|Write seconds since 1970, as numbers.|7519-4.1.4 7519-2',
  'wrong-kind-of-token':
    'e|% tells an ID token or refresh token, which no API should accept.|Send the access token.|8725-3.12 9068-5',
  'token-in-url':
    'e|Histories, logs and Referer headers keep % in the address.|Use the code flow, take it out of the address, and revoke it.|6750-5.3 9700-4.3.2',
  'plain-http':
    'e|Anybody on the way to % can read or change what is sent.|Use https; `allowInsecure` is for your own network.|6750-5.3 REST_Security#https',
  'refresh-token-in-storage':
    "w|Every script of the page can read it, XSS included.|Use an HttpOnly cookie (`refreshVia: 'cookie'`) and `memoryStorage()`, or DPoP.|HTML5_Security#local-storage 9700-4.14",
  'long-lifetime':
    'w|A thief can use the token for up to %.|15 to 30 minutes are good; renew it by a refresh token.|6750-5.3',
  'wide-destination': 'w|Whatever runs on % gets the token.|Give the path of the API.|9700-4.9.1 9700-2.3',
  'personal-data-in-claims':
    'w|Everybody who gets the token, logs too, reads %.|Leave it to the user endpoint or the ID token.|7519-12 9068-6',
  'no-issuer': 'w|Without `iss` an API can not tell whose token it is.|Set `iss`, and check it.|8725-3.8 7519-4.1.1',
  'no-audience':
    'w|Without `aud` an API can use the token at others.|Name the API in `aud`, and check it.|8725-3.9 9700-2.3',
  'wide-audience': 'w|With a wildcard in `aud` an API can use the token at others.|Name the API.|8725-3.9 9700-2.3',
  'alg-weak':
    'w|`alg` names no algorithm that is good today.|Use EdDSA, ES256 or RS256.|8725-3.2 7518-3.1|Weak signature',
  'critical-extension': 'w|Who does not know what `crit` lists has to refuse the token.|Leave it out.|7515-4.1.11',
  'from-the-future':
    'w|% is still to come: servers may refuse the token.|Set the clocks.|7519-4.1.5 7519-4.1.6|Not valid yet',
  'clock-off': 'w|This clock and the server’s differ by %.|Set it; read `state.expiresAt`, not `exp`.|7519-4.1.4',
  'large-token':
    'w|Over 4 KB: too much for a cookie, and soon for a header.|Keep what each request needs.|6265-6.1 9068-2.2.3',
  'many-roles':
    'i|% goes along with each request.|Name a few roles; let the API look up the rest.|9068-2.2.3|Too many roles',
  'no-issue-time': 'i|Without `iat` nobody knows its age.|Set `iat`.|9068-2.2 7519-4.1.6',
  'no-subject':
    'i|Without `sub` each API has its own way to tell whose it is.|Set `sub` to a lasting id.|9068-2.2 7519-4.1.2',
  'unusual-type':
    'i|`typ` keeps one kind of JWT from passing for another.|Use `at+jwt`, and check it.|9068-2.1 8725-3.11',
  'expired-token': 'i|Servers refuse it.|Renew it.|7519-4.1.4',
}

/** Findings, the worst first. */
export function inOrder(found: ReadonlyMap<FindingCode, Finding>): Finding[] {
  const all = (Object.keys(TEXTS) as FindingCode[]).flatMap((code) => found.get(code) ?? [])
  return Object.values(SEVERITIES).flatMap((wanted) => all.filter(({ severity }) => severity === wanted))
}

/** A finding in words. */
export function describe(code: FindingCode, about: string, wanted?: Severity): Finding {
  const [severity = '', why = '', fix = '', sources = '', title = code.replaceAll('-', ' ')] = TEXTS[code].split('|')
  return Object.freeze({
    code,
    severity: wanted ?? (SEVERITIES[severity] as Severity),
    title: title[0]?.toUpperCase() + title.slice(1),
    why: why.replace('%', () => about),
    fix,
    references: Object.freeze(sources ? sources.split(' ').map(referTo) : []),
  })
}

function referTo(source: string): Reference {
  const [sheet = '', anchor = ''] = source.split('#')
  const [rfc, section] = source.split('-')
  const name = `${sheet}_Cheat_Sheet`
  return Object.freeze(
    anchor
      ? {
          title: `OWASP: ${name.replaceAll('_', ' ')}, ${anchor.replaceAll('-', ' ')}`,
          url: `https://cheatsheetseries.owasp.org/cheatsheets/${name}.html#${anchor}`,
        }
      : {
          title: `RFC ${rfc}, section ${section}`,
          url: `https://www.rfc-editor.org/rfc/rfc${rfc}.html#section-${section}`,
        },
  )
}
