/** Who we are to Slack. */
export interface Self {
  readonly team: string;
  /** The bot's user id. */
  readonly user: string;
  /** Its id as the writer of messages. */
  readonly bot: string;
}

/** The accounts that a text mentions. */
export function mentioned(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g)].map((match) => match[1] ?? ""))];
}

/** What somebody wrote, as they saw it: Slack's own marks for names, channels and links are replaced, `&`, `<` and `>` are theirs again. */
export function plainText(text: string, names: ReadonlyMap<string, string>): string {
  return text
    .replaceAll(/<([^<>]+)>/g, (whole, inner: string) => shown(inner, names) ?? whole)
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Takes our own name out, with the space or comma that set it off. A message that is nothing else stays empty. */
export function withoutUs(text: string, self: Self): string {
  const ours = `<@${self.user}(?:\\|[^>]*)?>`;
  const first = text.replace(new RegExp(`^\\s*${ours}[\\s,:;]*`), "");
  return first.replaceAll(new RegExp(`[ \\t]*${ours}`, "g"), "").trim();
}

/** Begins by naming somebody, but not us: words between other people. */
export function isToOthers(text: string, self: Self): boolean {
  const first = /^\s*<(?:@([UW][A-Z0-9]+)|!)/.exec(text);
  return first !== null && first[1] !== self.user;
}

/** What a `!stop` names, which is `/stop`: in threads Slack takes no slash commands. Null where nothing can be named so. */
export function nameAfterMark(text: string): string | null {
  return /^!([a-z0-9][a-z0-9_-]*)(?=\s|$)/i.exec(text)?.[1]?.toLowerCase() ?? null;
}

function shown(inner: string, names: ReadonlyMap<string, string>): string | null {
  const [target = "", label] = inner.split("|");
  if (/^@[UW][A-Z0-9]+$/.test(target)) return `@${names.get(target.slice(1)) ?? label ?? target.slice(1)}`;
  if (target.startsWith("#")) return `#${label ?? target.slice(1)}`;
  if (target.startsWith("!date^")) return label ?? target;
  if (target.startsWith("!")) return label ?? `@${target.slice(1)}`;
  if (!/^(?:https?|mailto|tel|ftp):/i.test(target)) return null;
  // Slack puts what it recognised as a link in such marks, with the words as its label.
  const bare = target.replace(/^mailto:|^tel:/, "");
  return label === undefined || bare === label || target.replace(/^https?:\/\//, "") === label
    ? label === undefined
      ? bare
      : label
    : `${label} (${target})`;
}
