import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { config } from 'zod'

import { App, firstPage } from './app/app.tsx'
import { startLanguage } from './app/language.ts'

import './app/fonts.css'

// The content security policy allows no code from strings, which zod would otherwise try.
config({ jitless: true })

const root = document.querySelector('#root')
if (!root) throw new Error('index.html has no #root')

await Promise.all([startLanguage(), firstPage])
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
