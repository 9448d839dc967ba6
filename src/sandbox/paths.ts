/** Where a sandbox's files are, inside it, unless it has a place of its own. Also its HOME. */
export const workspace = "/workspace";

/** Linux's PATH_MAX. */
const longestPath = 4096;

/**
 * A path as the model wrote it, made absolute: relative ones start at the workspace, `~` is the workspace. Symbolic links and
 * `..` are
 * left for the sandbox to resolve: only it can see them.
 */
export function absolutePath(path: string, root = workspace): string {
  if (path.trim() === "") throw new Error(`The path is empty. Give one within ${root}, e.g. ${root}/notes.txt.`);
  if (path.includes("\0")) throw new Error("The path contains a NUL character.");
  if (path.length > longestPath) throw new Error(`The path is longer than ${longestPath} characters.`);
  if (path === "~" || path.startsWith("~/")) return `${root}${path.slice(1)}`;
  return path.startsWith("/") ? path : `${root}/${path}`;
}

/** Longest command text: in a container it passes through a 16 MB tmpfs. */
const longestCommand = 512 * 1024;

/** Throws an Error the model reads when no shell could take the command. */
export function checkCommand(command: string): void {
  if (command.includes("\0")) throw new Error("The command contains a NUL character.");
  if (command.length > longestCommand) {
    throw new Error(`The command is longer than ${longestCommand / 1024} KB. Write the data to a file with write_file first.`);
  }
}

/** What can be wrong with a file, as the sandbox reports it. */
export const fileFaults = ["missing", "outside", "directory", "special", "denied", "large", "failed"] as const;
export type FileFault = (typeof fileFaults)[number];

/** The sentence the model reads. */
export function faultError(fault: FileFault, path: string, detail = "", root = workspace): Error {
  const because = detail.trim() === "" ? "" : `: ${detail.trim()}`;
  switch (fault) {
    case "missing":
      return new Error(`There is no file ${path}.`);
    case "outside":
      return new Error(`${path} is outside ${root}. File tools reach only files within ${root}.`);
    case "directory":
      return new Error(`${path} is a directory. List it with the terminal: ls -la ${path}`);
    case "special":
      return new Error(`${path} is not a regular file (a device, pipe or socket).`);
    case "denied":
      return new Error(`${path} can't be opened: permission denied.`);
    case "large":
      return new Error(`${path} is too large to read whole. Read a part of it with the terminal, e.g. sed -n '1,200p' ${path}`);
    case "failed":
      return new Error(`${path} could not be read or written${because}.`);
  }
}
