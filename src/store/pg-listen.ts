/**
 * Reads LISTEN and UNLISTEN out of SQL texts and changes the set of channels accordingly; other statements are passed over.
 * True when there was an UNLISTEN.
 */
export function applyListens(channels: Set<string>, texts: readonly (string | null)[]): boolean {
  let dropped = false;
  for (const text of texts) {
    if (text === null || !mentionsListen.test(text)) continue;
    for (const statement of text.replace(comments, " ").split(";")) dropped = applyOne(channels, statement) || dropped;
  }
  return dropped;
}

const mentionsListen = /listen/i;
const comments = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const listenStatement = /^\s*(un)?listen\s+(?:"((?:[^"]|"")+)"|([\w$\u0080-\uffff]+)|(\*))\s*$/i;

/** True for an UNLISTEN. */
function applyOne(channels: Set<string>, statement: string): boolean {
  const [, un, quoted, plain, all] = listenStatement.exec(statement) ?? [];
  const channel = quoted?.replaceAll('""', '"') ?? plain?.toLowerCase();
  if (channel !== undefined && un === undefined) channels.add(channel);
  else if (channel !== undefined) channels.delete(channel);
  else if (all !== undefined && un !== undefined) channels.clear();
  return un !== undefined;
}
