/** Takes secrets out of text before it reaches a log, a chat or a model. Errs on the side of hiding. */

interface Rule {
  readonly pattern: RegExp;
  /** What stands in its place; `$1`… keep the harmless parts. */
  readonly to: string;
}

const hidden = "[hidden]";

/** Longer texts are cut into pieces of this size first, so that no pattern meets an unbounded line. */
const pieceChars = 64_000;

/** Names whose value is a secret, in `KEY=value`, `key: value` and `"key": "value"`. */
const secretName =
  "[\\w.-]{0,64}?(?:api[_-]?key|apikey|secret(?:[_-]?(?:access[_-]?)?key)?|token|passwd|password|passphrase|private[_-]?key|credentials?)";

/** What stands behind such a name in code and schemas without being a secret. */
const notSecret =
  "\\[hidden|\\$|<|(?:string|null|undefined|number|boolean|required|optional|false)\\b|(?:process|os|env|self|this|config|options|args)\\.";

const rules: readonly Rule[] = [
  { pattern: /-----BEGIN ([A-Z ]{0,40}PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g, to: `[hidden private key]` },
  // Telegram: digits, a colon and 35 characters; in URLs it follows `/bot`.
  { pattern: /(\/bot)\d{1,16}:[\w-]{5,80}/g, to: `$1${hidden}` },
  { pattern: /\b\d{6,16}:[A-Za-z0-9_-]{30,60}(?![A-Za-z0-9_-])/g, to: hidden },
  // Slack, OpenAI and look-alikes, GitHub, GitLab, Hugging Face, AWS, Google, npm.
  { pattern: /\bxox[a-z]-[A-Za-z0-9-]{8,}/g, to: hidden },
  { pattern: /\bxapp-[A-Za-z0-9-]{8,}/g, to: hidden },
  { pattern: /\bsk-[A-Za-z0-9_-]{12,}/g, to: hidden },
  { pattern: /\b(?:gh[oprsu]_[A-Za-z0-9]{16,}|github_pat_\w{16,})/g, to: hidden },
  { pattern: /\bglpat-[\w-]{16,}/g, to: hidden },
  { pattern: /\bhf_[A-Za-z0-9]{16,}/g, to: hidden },
  { pattern: /\bnpm_[A-Za-z0-9]{30,}/g, to: hidden },
  { pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, to: hidden },
  { pattern: /\bAIza[\w-]{30,}/g, to: hidden },
  { pattern: /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g, to: hidden },
  // Discord: three base64url parts, the middle one of 6 characters.
  { pattern: /\b[MNO][\w-]{22,28}\.[\w-]{6}\.[\w-]{27,40}/g, to: hidden },
  { pattern: /\b(bearer|basic)(\s+)(?!\[hidden)[A-Za-z0-9._~+/=-]{8,}/gi, to: `$1$2${hidden}` },
  // Passwords in addresses: everything up to the last @ before the host ends.
  { pattern: /\b([a-z][a-z0-9+.-]{0,20}:\/\/)([^\s/:@"']{0,256}):[^\s"'/]{1,512}@/gi, to: `$1$2:${hidden}@` },
  { pattern: new RegExp(`(\\b${secretName}["']?\\s{0,4}[=:]\\s{0,4})"(?!\\[hidden)[^"\\n]{4,}"`, "gi"), to: `$1"${hidden}"` },
  { pattern: new RegExp(`(\\b${secretName}["']?\\s{0,4}[=:]\\s{0,4})'(?!\\[hidden)[^'\\n]{4,}'`, "gi"), to: `$1'${hidden}'` },
  {
    pattern: new RegExp(
      `(\\b${secretName}["']?(?:\\s{0,4}=\\s{0,4}|:\\s{0,4}))(?!${notSecret})[^\\s"',;&(){}\\]]{6,}(?=[\\s"',;&){}\\]]|$)`,
      "gi",
    ),
    to: `$1${hidden}`,
  },
];

/** The text with tokens, keys, passwords and private keys replaced by `[hidden]`. */
export function redact(text: string): string {
  if (text.length <= pieceChars) return redactPiece(text);
  return pieces(text).map(redactPiece).join("");
}

/** Whether a field of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretField.test(name) && !/tokens$/i.test(name);
}

const secretField = new RegExp(`^${secretName}$`, "i");

function redactPiece(text: string): string {
  return rules.reduce((rest, { pattern, to }) => rest.replace(pattern, to), text);
}

/** Cuts at line ends where there are any, so that a secret is rarely cut in two. */
function pieces(text: string): string[] {
  const found: string[] = [];
  for (let from = 0; from < text.length;) {
    const end = Math.min(text.length, from + pieceChars);
    const line = end < text.length ? text.lastIndexOf("\n", end) : -1;
    const to = line > from + pieceChars / 2 ? line : end;
    found.push(text.slice(from, to));
    from = to;
  }
  return found;
}
