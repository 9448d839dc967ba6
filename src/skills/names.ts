/** The original's form of a skill's name; it becomes a command, a directory and a line in the prompt. */
const nameForm = /^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
/** Directories that would mean something else to a shell, a tool or a person. */
const reserved = new Set(["con", "nul", "prn", "aux", "skills", "index"]);

/** Why this can't be a skill's name; null when it can. */
export function nameFault(name: string): string | null {
  if (reserved.has(name)) return `"${name}" is a reserved name; call the skill something else.`;
  return nameForm.test(name)
    ? null
    : "A skill's name is 1 to 64 small letters, digits, - and _, and begins and ends with a letter or digit.";
}

/** The most of one skill: more is no skill but a data set. */
export const skillLimits = {
  files: 200,
  /** All files together, unpacked. */
  bytes: 4 * 1024 * 1024,
  fileBytes: 1024 * 1024,
  /** SKILL.md alone: it goes to the model. */
  bodyBytes: 60_000,
  pathChars: 200,
  depth: 6,
} as const;

/** Letters, digits and a few marks of any script; nothing that a shell, a terminal or Windows would read as more. */
const partForm = /^[\p{L}\p{N}._+@=,() -]{1,100}$/u;
const windowsDevice = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** A file's path in a skill in its one plain spelling. Throws when it leads elsewhere or could be misread. */
export function plainPath(path: string): string {
  const refuse = (why: string): never => {
    throw new Error(`The file name ${JSON.stringify(path.slice(0, 100))} ${why}.`);
  };
  if (path.length > skillLimits.pathChars) refuse("is too long");
  if (path.includes("\\")) refuse("has a backslash in it");
  if (path.startsWith("/") || /^[a-z]:/i.test(path)) refuse("is not within the skill");
  const parts = path
    .normalize("NFC")
    .split("/")
    .filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) refuse("leads out of the skill");
  if (parts.length === 0) refuse("names nothing");
  if (parts.length > skillLimits.depth) refuse("lies too deep");
  for (const part of parts) {
    if (!partForm.test(part)) refuse("has characters that file names must not have");
    if (windowsDevice.test(part) || part.endsWith(".") || part.endsWith(" ")) refuse("can't be used on every system");
  }
  return parts.join("/");
}

/** What comes along with archives and folders without being part of a skill. */
export function isLitter(path: string): boolean {
  return path
    .split("/")
    .some((part) => /^(?:\.git|\.hg|\.svn|\.DS_Store|__MACOSX|__pycache__|node_modules|\.venv|Thumbs\.db)$/.test(part));
}
