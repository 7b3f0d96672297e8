import { isObject } from '../session/json.js'
import { isSameRequest, type ReadRequest, type WireFormat } from './wire-format.js'

/** Somebody who may sign in. Further fields belong to the person, too: the answer's `user` has them. */
export interface MockUser {
  /** What `server.revoke` and `server.issueTokens` call them. */
  readonly username: string
  readonly password: string
  /** The `sub` of the tokens. @default the username */
  readonly id?: string
  /** What they may do: a claim of their tokens. @default none */
  readonly roles?: readonly string[]
  /** Further claims of their access tokens, or others in place of the usual ones. @default none */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly [field: string]: unknown
}

/** Two people with one password between them. */
export const USERS: readonly MockUser[] = [
  {
    id: 'u1',
    username: 'johndoe',
    password: 'password123',
    name: 'John Doe',
    email: 'john@example.com',
    roles: ['user'],
  },
  {
    id: 'u2',
    username: 'admin',
    password: 'password123',
    name: 'Ada Admin',
    email: 'ada@example.com',
    roles: ['user', 'admin'],
  },
]

/** A user as answers show them: without password and claims. */
export function profileOf({ password: _, claims: __, ...profile }: MockUser): Readonly<Record<string, unknown>> {
  return profile
}

/**
 * Who signs in by `request`. Where the app says how a login is written, it is who would have written it so; else whose
 * password and other fields are there.
 */
export function findUser(
  users: readonly MockUser[],
  request: ReadRequest,
  format: WireFormat<MockUser>,
  isOwn: boolean,
): MockUser | undefined {
  if (isOwn) {
    return users.find((user) => {
      const template = format.render(user)
      return template && isSameRequest(request, template)
    })
  }
  const { fields } = request
  if (!isObject(fields)) return undefined
  const { password, ...names } = fields
  return users.find((user) => {
    const known = Object.keys(names).filter((name) => user[name] !== undefined)
    return user.password === password && known.length > 0 && known.every((name) => user[name] === names[name])
  })
}
