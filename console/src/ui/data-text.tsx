/** Text from the record or a message, isolated from its surroundings: numbers and codes run left to right on an Arabic page, too. */
export function DataText({ text }: { readonly text: string }) {
  return <bdi dir={ARABIC_OR_HEBREW.test(text) ? 'rtl' : 'ltr'}>{text}</bdi>
}

const ARABIC_OR_HEBREW = /[\u0590-\u08ff\ufb1d-\ufefc]/
