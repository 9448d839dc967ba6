/** Letters of a token in plain English with its names and numbers, rather too few. */
const plainChars = 3.2;
/** Tokens a letter of other writing, rather too many: alphabets and typographic marks; Chinese, Japanese, Korean; half an emoji; what vocabularies lack. */
const [alphabetic, wide, half, rare] = [0.6, 1.2, 1.8, 3.2];

/** A rough count that is rather too high, for what is to keep below a bound in every script. */
export function roughTokens(text: string): number {
  let tokens = 0;
  for (let at = 0; at < text.length; at += 1) tokens += tokensOf(text.charCodeAt(at));
  return tokens;
}

/** What so many letters of plain text come to. */
export function plainTokens(chars: number): number {
  return chars / plainChars;
}

function tokensOf(unit: number): number {
  if (unit <= 0x7e) return 1 / plainChars;
  if (unit >= 0xd800 && unit <= 0xdfff) return half;
  if (unit >= 0x2e80) return wide;
  return unit <= 0x10ff || (unit >= 0x1e00 && unit <= 0x27bf) ? alphabetic : rare;
}
