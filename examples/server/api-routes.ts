import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { invalidFields, readJson, unauthorized } from './answers.ts'
import type { Parts } from './parts.ts'
import { requireAccessToken, type SignedIn } from './signed-in.ts'

interface Todo {
  readonly id: string
  readonly title: string
  readonly done: boolean
}

/** The API that the access tokens are for: `/public`, `/me`, `/todos`, `/admin`. */
export function apiRoutes(parts: Parts): Hono<SignedIn> {
  const { users } = parts
  const signedIn = requireAccessToken(parts)
  const todosOf = new Map<string, Todo[]>()
  const app = new Hono<SignedIn>()

  const withRole = (role: string) =>
    createMiddleware<SignedIn>(async (c, next) => {
      if (c.var.claims.roles.includes(role)) return next()
      return c.json({ error: 'forbidden', message: `This needs the role ${role}.` }, 403)
    })

  function todosFor(userId: string): Todo[] {
    const todos = todosOf.get(userId) ?? [{ id: randomUUID(), title: 'Water the plants', done: false }]
    todosOf.set(userId, todos)
    return todos
  }

  app.get('/public', (c) => c.json({ message: 'Anyone may read this.' }))

  app.get('/me', signedIn, (c) => {
    const user = users.byId(c.var.claims.sub)
    return user ? c.json(user) : unauthorized(c, 'invalid_token', 'This user is gone.')
  })

  app.get('/todos', signedIn, (c) => c.json(todosFor(c.var.claims.sub)))

  app.post('/todos', signedIn, async (c) => {
    const { title } = await readJson(c)
    if (typeof title !== 'string' || title === '') return invalidFields(c, { title: 'This field is required.' })
    const todo: Todo = { id: randomUUID(), title, done: false }
    todosFor(c.var.claims.sub).push(todo)
    return c.json(todo, 201)
  })

  app.get('/admin', signedIn, withRole('admin'), (c) => c.json({ message: 'Only admins may read this.' }))

  return app
}
