/** Keeps a mark from being one: a joiner of no width, where a letter would have to follow. */
const joiner = "\u2060";

/** Marks that call people or channels: `<!channel>`, `<@U123>`, `<#C123>`. Other things in angle brackets are left alone. */
const calls = /<(?=!(?:channel|here|everyone|subteam\^|date\^)|@[UWB][A-Z0-9]|#[CG][A-Z0-9])/gi;

/** A text in which nothing calls anybody: a model must not be able to ring a whole channel. */
export function harmless(text: string): string {
  return text.replaceAll(calls, `<${joiner}`);
}

/** The part of a growing text whose marks are all decided: a `<!chan` at its end may become one. */
export function decided(text: string): string {
  return text.replace(/<(?:[!@#][\w^]{0,9})?$/, "");
}

/** Text for Slack's own markup, where three characters have a meaning. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
