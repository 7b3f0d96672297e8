/** What openapi-typescript makes of the API's description, as far as it is called here. */
interface Todo {
  id: number
  title: string
  by: string
}
interface Answer {
  headers: Record<string, unknown>
  content: { 'application/json': Todo }
}
interface Refusal {
  headers: Record<string, unknown>
  content: { 'application/json': { error: string; message: string } }
}
export interface paths {
  '/todos/{id}': {
    get: { parameters: { path: { id: number } }; responses: { 200: Answer; 401: Refusal } }
  }
  '/todos': {
    post: {
      requestBody: { content: { 'application/json': { title: string } } }
      responses: { 200: Answer; 401: Refusal }
    }
  }
}
