import { afterEach, expect, it } from 'vitest'

import { keepFocus } from './kept-focus.ts'

let stop = () => undefined as void

afterEach(() => {
  stop()
  document.body.replaceChildren()
})

function show(html: string): void {
  document.body.innerHTML = `<main tabindex="-1">${html}</main><button id="outside"></button>`
  const main = document.querySelector('main')
  if (main) stop = keepFocus(main)
}

const rows = (...names: readonly string[]) =>
  `<table><tbody>${names.map((name) => `<tr id="${name}"><td><a id="${name}-link" href="#">x</a></td><td><button id="${name}-do">x</button></td></tr>`).join('')}</tbody></table>`
const at = (id: string) => document.querySelector<HTMLButtonElement>(`#${id}`)
/** Observers are told behind the running script. */
const focused = async () => {
  await Promise.resolve()
  return document.activeElement?.id ?? ''
}

it('goes on at the link of the row that moved up, not at its button', async () => {
  show(rows('a', 'b', 'c'))
  at('b-do')?.focus()
  at('b')?.remove()
  expect(await focused()).toBe('c-link')
})

it('goes back to the last row when the last one went', async () => {
  show(rows('a', 'b'))
  at('b-do')?.focus()
  at('b')?.remove()
  expect(await focused()).toBe('a-link')
})

it('goes to the button that stands in the place of another one', async () => {
  show('<div id="bar"><button id="stop">x</button></div>')
  at('stop')?.focus()
  at('bar')?.replaceChildren(Object.assign(document.createElement('button'), { id: 'start' }))
  expect(await focused()).toBe('start')
})

it('begins at the content when the page is another one', async () => {
  show('<section id="page"><a id="open" href="#">x</a></section>')
  at('open')?.focus()
  at('page')?.remove()
  await focused()
  expect(document.activeElement?.tagName).toBe('MAIN')
})

it('waits for a button that is switched off while its answer is awaited', async () => {
  show('<div><button id="ask">x</button><button id="other">x</button></div>')
  const ask = at('ask')
  ask?.focus()
  if (ask) ask.disabled = true
  ask?.blur()
  await focused()
  if (ask) ask.disabled = false
  expect(await focused()).toBe('ask')
})

it('leaves those alone who went elsewhere', async () => {
  show(rows('a', 'b'))
  at('a-do')?.focus()
  at('outside')?.focus()
  await focused()
  at('outside')?.blur()
  at('a')?.remove()
  await focused()
  expect(document.activeElement).toBe(document.body)
})
