import { mockAuthServer } from 'latchkey/testing'
import { baseUrl } from './client.ts'

export const server = mockAuthServer({ baseUrl, routes: { todos: { body: ['Buy milk', 'Call Ada'] } } })
