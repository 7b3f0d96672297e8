/** The API once more, as a GraphQL schema: a real one, run by msw. */
import { buildSchema, GraphQLError, graphql } from 'graphql'
import { addTodo, findTodo } from './todos.ts'

interface Operation {
  query: string
  variables?: Record<string, unknown>
  operationName?: string
}

const schema = buildSchema(`
  type Todo { id: Int!, title: String!, by: String! }
  type Query { todo(id: Int!): Todo! }
  type Mutation { add(title: String!): Todo! }
`)

/** Executes one operation for `username`, or for nobody. */
export async function execute({ query, variables, operationName }: Operation, username: string | undefined) {
  const known = (): string => {
    if (username) return username
    throw new GraphQLError('Sign in first.', { extensions: { code: 'UNAUTHENTICATED' } })
  }
  const rootValue = {
    todo: ({ id }: { id: number }) => findTodo(id, known()),
    add: ({ title }: { title: string }) => addTodo(title, known()),
  }
  return graphql({ schema, source: query, rootValue, variableValues: variables, operationName })
}
