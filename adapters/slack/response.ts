/** A slash command's answers go to an address that comes with it; as a message's id it outlives a restart. */
const prefix = "response:";

export function responseId(url: string): string {
  return prefix + url;
}

/** The address in a message's id, or null where it is an ordinary message. */
export function responseUrl(id: string | null): string | null {
  return id?.startsWith(prefix) === true ? id.slice(prefix.length) : null;
}
