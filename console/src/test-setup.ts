import { startLanguage } from './app/language.ts'

// Texts are English in tests, as they are on a screen that never chose: a feature cannot start them itself, it is below the app.
await startLanguage()
