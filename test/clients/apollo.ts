/** The API by Apollo Client. */
import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client'
import { auth } from './auth.ts'

const link = new HttpLink({ uri: 'https://api.example.com/graphql', fetch: auth.fetch })
export const apollo = new ApolloClient({ link, cache: new InMemoryCache() })
auth.on('logout', () => apollo.clearStore())
