import { defineStore } from 'pinia'
import { ref } from 'vue'
import { useAuth } from './auth.ts'

/** A thing to be done. */
export interface Todo {
  readonly id: string
  readonly title: string
  readonly done: boolean
}

/** The to-dos of whoever is signed in. */
export const useTodos = defineStore('todos', () => {
  const { http } = useAuth()
  const items = ref<readonly Todo[]>([])
  let visit = 0 // an answer that comes after a reset was for the person before

  async function load(): Promise<void> {
    const mine = visit
    const found = await http.get('todos').json<Todo[]>()
    if (mine === visit) items.value = found
  }

  async function add(title: string): Promise<void> {
    const mine = visit
    const todo = await http.post('todos', { json: { title } }).json<Todo>()
    if (mine === visit) items.value = [...items.value, todo]
  }

  function $reset(): void {
    visit += 1
    items.value = []
  }

  return { items, load, add, $reset }
})
