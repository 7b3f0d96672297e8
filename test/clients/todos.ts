/** What the API keeps, whatever language it is asked in. */
export interface Todo {
  id: number
  title: string
  by: string
}

export const added: Todo[] = []

export const findTodo = (id: number, by: string): Todo => ({ id, title: `Todo ${id}`, by })

export function addTodo(title: string, by: string): Todo {
  const todo = { id: 100 + added.length, title, by }
  added.push(todo)
  return todo
}
