import type { Fields } from './decode.js'

/** Claims that say too much, by how bad that is. */
export interface PrivateData {
  /** Passwords, keys, tokens, cards and accounts. */
  readonly secrets: string[]
  /** What tells who somebody is, or where. */
  readonly persons: string[]
}

/** Whose the token is, and what for: the addresses and numbers there are of machines. */
const MACHINES = /^(iss|aud|azp|cid|clientid|scope|scp|jti|amr|acr|[acs]t?hash)$/
const SECRET_NAMES =
  /(pass(word|wd|phrase)(hash|salt)?|pwd|(api|private|access|refresh|auth)(key|token)|secret(key)?|securityanswer|cvv|cvc|cardnumber|creditcard|^pin|^otp)$/
/** A flag or a moment about a password is none. */
const HARMLESS = /^(true|false|\d|\d{9,}|\d{4}-\d\d-.*)$/
const PERSON_NAMES =
  /^(e?mail(address)?|mobile|((mobile|tele)?phone|mobile|socialsecurity)(number)?|birth(date|day)|dateofbirth|dob|(street|home|postal)address|ssn|nationalid|taxid|passport(number)?)$/
/** Password hashes, private keys, API keys of large services, addresses with a password, and tokens of others. */
const SECRETS =
  /^(\$(2[abxy]|argon2\w*|scrypt|[156y])|pbkdf2_\w+|argon2|bcrypt\w*)\$|-----BEGIN [A-Z ]{0,20}PRIVATE KEY|^(AKIA[A-Z\d]{16}$|gh[opsu]_\w{30}|github_pat_|xox[abp]-|whsec_|[rs]k_live_|[\w+]+:\/\/[^\s/@:]*:[^\s/@]+@|sk-[\w-]{20}|eyJ[\w-]+\.eyJ)/
/** E-mail addresses, phone numbers, US social security numbers. */
const PERSONS = /^([^\s@]{1,64}@([a-z\d-]{1,63}\.){1,8}[a-z]{2,24}|\+\d[\d ().-]{6,20}\d|\d{3}-\d\d-\d{4})$/i
/** The large card companies, by their first digits and their lengths. */
const CARD = /^(4\d{15}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(011|[45]\d\d)\d{12}|35\d{14})$/
const IBAN = /^[A-Z]{2}\d\d[A-Z\d]{11,30}$/

/** A name that is surely none of a person, nor a key: names in nested objects can be data. */
const WORD = /^[a-z_-]{1,24}$/i

/** How much is looked at: a token of 16 KiB can hold thousands of values. */
const MOST = 4000

/** The claims that say what nobody should read in a token. */
export function findPrivateData(claims: Fields): PrivateData {
  const found: PrivateData = { secrets: [], persons: [] }
  const todo: [path: string, name: string, value: unknown][] = [['', '', claims]]
  for (let step = 0; step < todo.length && step < MOST; step += 1) {
    const [path, name, value] = todo[step] as (typeof todo)[number]
    if (typeof value !== 'object' || value === null) {
      const isEmpty = (value ?? '') === '' || typeof value === 'boolean'
      const kind = isEmpty || MACHINES.test(name) ? undefined : kindOf(name, `${value}`)
      if (kind) found[kind].push(path)
    } else if ('kty' in value && ('d' in value || 'k' in value)) {
      found.secrets.push(path)
    } else {
      for (const [key, each] of Object.entries(value)) {
        if (Array.isArray(value)) todo.push([path, name, each])
        else todo.push([(step ? `${path}.` : '') + nameToTell(key, step > 0), normalize(key), each])
      }
    }
  }
  return found
}

/** `https://example.com/claims/e_mail` and `eMail` are both `email`. */
function normalize(name: string): string {
  return (name.split(/[/:]/).at(-1) ?? '').toLowerCase().replace(/[^a-z\d]/g, '')
}

/** Those of nested objects may be what one person has there, or a key. */
function nameToTell(name: string, isNested: boolean): string {
  return kindOf('', name) || (isNested && !WORD.test(name)) ? '…' : name
}

function kindOf(name: string, value: string): keyof PrivateData | undefined {
  const text = value.slice(0, 4096).trim()
  if (SECRETS.test(text) || (SECRET_NAMES.test(name) && !HARMLESS.test(text))) return 'secrets'
  const solid = text.replace(/[ -]/g, '')
  // One id in ten passes for a card; what somebody is known by at another provider stands below its domain.
  if (isIban(solid) || (!/(id|sub|com)$/.test(name) && isCard(solid))) return 'secrets'
  const isAddress = name === 'address' && /\d/.test(text) && /\s/.test(text)
  return isAddress || PERSONS.test(text) || PERSON_NAMES.test(name) ? 'persons' : undefined
}

function isCard(digits: string): boolean {
  const sum = [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (1 + (index % 2))
    return sum + value - (value > 9 ? 9 : 0)
  }, 0)
  return CARD.test(digits) && sum % 10 === 0
}

function isIban(text: string): boolean {
  if (!IBAN.test(text)) return false
  const digits = [...(text.slice(4) + text.slice(0, 4))].map((character) => Number.parseInt(character, 36)).join('')
  return BigInt(digits) % 97n === 1n
}
