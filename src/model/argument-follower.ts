/** Knows whether a call's text, as far as it has come, stops within an argument: then a closing mark there may belong to it. */
export interface ArgumentFollower {
  /** Takes the pieces of the text that have come since; true within a JSON value, or in a parameter that is not closed. */
  within(parts: readonly string[]): boolean;
}

/** What stands before JSON, if it is JSON: the tag, a fence. */
const beforeJson = /^(?:<[^>]*>|\[[A-Z_]+\]|\[Calling tool: [^{]*)?\s*(?:```\w*\s*)?(?=[[{])/;
/** JSON begins before this, or it is none. */
const longestHead = 300;
const parameterMark = /<(\/?)(?:parameter\b|param\b|arg_value>)/g;
const longestMark = 12;

/** Follows the text behind this opening mark. Each piece is looked at once. */
export function followArguments(open: string): ArgumentFollower {
  let taken = 0;
  let tail = "";
  let inParameter = false;
  let json: ((text: string) => boolean) | null = null;
  const tagged = (text: string): boolean => {
    for (const [, closing] of (tail + text).matchAll(parameterMark)) inParameter = closing === "";
    tail = (tail + text).slice(-longestMark);
    return inParameter;
  };
  return {
    within: (parts) => {
      const fresh = parts.slice(taken).join("");
      const first = taken === 0;
      taken = parts.length;
      const before = first ? beforeJson.exec((open + fresh).slice(0, longestHead))?.[0] : undefined;
      if (before !== undefined) {
        json = followJson();
        return json((open + fresh).slice(before.length));
      }
      return json === null ? tagged(fresh) : json(fresh);
    },
  };
}

/** Takes text; says whether a bracket is open at its end. */
function followJson(): (text: string) => boolean {
  let depth = 0;
  let quoted = false;
  let escaped = false;
  const inString = (character: string): void => {
    if (escaped) escaped = false;
    else if (character === "\\") escaped = true;
    else if (character === '"') quoted = false;
  };
  return (text) => {
    for (const character of text) {
      if (quoted) inString(character);
      else if (character === '"') quoted = depth > 0;
      else if (character === "{" || character === "[") depth += 1;
      else if (character === "}" || character === "]") depth = Math.max(0, depth - 1);
    }
    return depth > 0;
  };
}
