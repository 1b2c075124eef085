import { readTimeStamp } from '../values/time-stamp.ts'

/** Functions of conditions that say which form a text has. */
export const FORMS: Readonly<Record<string, (text: string) => boolean>> = {
  convertsToDecimal: (text) => DECIMAL.test(text),
  convertsToLimit: (text) => LIMIT.test(text),
  convertsToDateTime: (text) => readTimeStamp(text.trim()) !== undefined,
  convertsToTime: (text) => readTimeStamp(`19700101${text.trim()}`)?.time !== undefined,
}

const DECIMAL = /^\s*[+-]?(\d{1,300}(\.\d*)?|\.\d{1,300})\s*$/
const LIMIT = /^\s*[<>]=?\s*[+-]?(\d{1,30}(\.\d{1,30})?|\.\d{1,30})\s*$/
