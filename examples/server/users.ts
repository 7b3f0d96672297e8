import { hashPassword, impossibleHash, verifyPassword } from './passwords.ts'

/** A person as the server shows them: no password, and no hash. */
export interface User {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly email: string
  readonly roles: readonly string[]
}

/** The people who may sign in. */
export interface Users {
  /** The user with this name and password, or `undefined` without telling which of the two was wrong. */
  verify(username: string, password: string): Promise<User | undefined>
  byId(id: string): User | undefined
  byUsername(username: string): User | undefined
}

/** Two people who share a password that nobody should have. */
export function createDemoUsers(): Promise<Users> {
  const johndoe = { id: 'u1', username: 'johndoe', name: 'John Doe', email: 'john@example.com', roles: ['user'] }
  const admin = { id: 'u2', username: 'admin', name: 'Ada Admin', email: 'ada@example.com', roles: ['user', 'admin'] }
  return createUsers([
    { user: johndoe, password: 'password123' },
    { user: admin, password: 'password123' },
  ])
}

/** Keeps users in memory, their passwords as hashes. */
export async function createUsers(people: readonly { user: User; password: string }[]): Promise<Users> {
  const rows = await Promise.all(
    people.map(async ({ user, password }) => ({ user, hash: await hashPassword(password) })),
  )
  const nobody = impossibleHash()

  return {
    async verify(username, password) {
      const row = rows.find(({ user }) => user.username === username)
      // Unknown users cost a hash too: an answer that came at once would tell which names exist.
      const isRight = await verifyPassword(password, row?.hash ?? nobody)
      return isRight ? row?.user : undefined
    },
    byId: (id) => rows.find(({ user }) => user.id === id)?.user,
    byUsername: (username) => rows.find(({ user }) => user.username === username)?.user,
  }
}
