import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** A password as it is stored: never the password itself. */
export interface PasswordHash {
  readonly salt: Buffer
  readonly hash: Buffer
}

const length = 32

/** @see [OWASP's cheat sheet on storing passwords](https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt) */
const cost: ScryptOptions = { N: 2 ** 14, r: 8, p: 5 }

/** Hashes a password with scrypt and a salt of its own. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16)
  return { salt, hash: await derive(password, salt) }
}

/** Tells whether a password is the one behind a hash, in a time that does not depend on how much of it is right. */
export async function verifyPassword(password: string, stored: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, stored.salt), stored.hash)
}

/** A hash that no password has, to spend the same time on users who do not exist. */
export function impossibleHash(): PasswordHash {
  return { salt: randomBytes(16), hash: randomBytes(length) }
}

function derive(password: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // The same letter can be typed as different code points: Unicode's normal form makes them one password.
    scrypt(password.normalize('NFKC'), salt, length, cost, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
