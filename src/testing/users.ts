import { isLike, type ReadRequest, type WireFormat } from './wire-format.js'

/** Somebody who may sign in. Further fields belong to the person, too: the answer's `user` has them. */
export interface MockUser {
  /** What `server.revoke` and `server.issueTokens` call them. */
  readonly username: string
  /** What they sign in with; no answer has it. */
  readonly password: string
  /** The `sub` of the tokens. @default the username */
  readonly id?: string | number | undefined
  /** What they may do: a claim of their tokens. @default none */
  readonly roles?: readonly string[] | undefined
  /**
   * Further claims of their access tokens, or others in place of the usual ones. An `exp` here is only a claim: the
   * server goes by its own `lifetime`, and clients by what the answer says, which is the same.
   *
   * @default none
   */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
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
 * Who signs in by a request in the app's own format: who would have written it so, and otherwise with
 * another password or another name.
 */
export function findUser(
  users: readonly MockUser[],
  request: ReadRequest,
  { render }: WireFormat<MockUser>,
  csrfHeader: string | undefined,
): MockUser | undefined {
  const isBy = (user: MockUser): boolean => isLike(render(user), request, csrfHeader)
  const elsewhere = (user: MockUser): MockUser => {
    const others = Object.entries(user).map(([name, value]) => [
      name,
      typeof value === 'string' ? `not ${value}` : typeof value === 'number' ? value + 1 : value,
    ])
    return { ...Object.fromEntries(others), password: user.password }
  }
  return users.find(
    (user) => isBy(user) && !isBy({ ...user, password: `not ${user.password}` }) && !isBy(elsewhere(user)),
  )
}
