/** The API once more, as a tRPC router: a real one, run by msw. */
import { initTRPC, TRPCError } from '@trpc/server'
import { addTodo, findTodo } from './todos.ts'

const t = initTRPC.context<{ username: string | undefined }>().create()
const signedIn = t.procedure.use(({ ctx: { username }, next }) => {
  if (!username) throw new TRPCError({ code: 'UNAUTHORIZED' })
  return next({ ctx: { username } })
})
const titleOf = (input: unknown): string => String(input)

export const router = t.router({
  read: signedIn.input(Number).query(({ input, ctx }) => findTodo(input, ctx.username)),
  add: signedIn.input(titleOf).mutation(({ input, ctx }) => addTodo(input, ctx.username)),
  motd: t.procedure.query(() => 'Water the plants.'),
})
export type AppRouter = typeof router
