import { type Call, type Flow, type Inspection, silent } from "./inspection.ts";
import { split, unknown } from "./marks.ts";
import { distinct } from "./parameters.ts";
import { absolute } from "./paths.ts";

/** Lines that `read` is followed for. */
const mostLines = 8;

/** Commands of the shell itself that change what later ones mean. */
export function builtins({ name, args, input }: Call, inspection: Inspection): Flow | null {
  switch (name) {
    case "cd":
    case "pushd": {
      const to = args.find((each) => !/^-[-LPe@]*$/.test(each) || each === "-") ?? "~";
      inspection.cwd = to === "-" ? `/${unknown}` : absolute(inspection.cwd, to);
      return silent;
    }
    case "export":
    case "declare":
    case "typeset":
    case "local":
    case "readonly":
      for (const arg of args) if (arg.includes("=")) setVariable(arg, inspection);
      return silent;
    case "alias":
      for (const arg of args) if (arg.includes("=")) alias(arg, inspection);
      return silent;
    case "set":
      for (const [index, value] of args.slice(args.indexOf("--") + 1).entries())
        inspection.variables.set(String(index + 1), [value]);
      if (args.includes("--")) inspection.variables.set("@", [args.slice(args.indexOf("--") + 1).join(split)]);
      return silent;
    case "read":
    case "mapfile":
    case "readarray":
    case "getopts":
      for (const arg of args) if (/^[A-Za-z_]\w*$/.test(arg)) inspection.variables.set(arg, distinct([unknown, ...lines(input)]));
      return silent;
    case "for":
    case "select":
      inspection.variables.set(args[0] ?? "", distinct(args[1] === "in" ? args.slice(2) : [unknown]));
      return silent;
    default:
      return null;
  }
}

function alias(text: string, inspection: Inspection): void {
  const cut = text.indexOf("=");
  const body = text.slice(cut + 1);
  inspection.shell(body);
  inspection.variables.set(`alias ${text.slice(0, cut)}`, [body]);
}

/** What `read` may read, a line at a time. */
function lines(input: Flow | null): readonly string[] {
  return (input?.text?.split("\n", mostLines) ?? []).map((each) => each.trim()).filter(Boolean);
}

/** Variables of which the value is a command. */
const commandVariables =
  /^(?:(?:GIT_|MAN|SYSTEMD_)?PAGER|(?:GIT_|GIT_SEQUENCE_|SUDO_|HG|SVN_|FC)?EDITOR|VISUAL|GIT_SSH(?:_COMMAND)?|GIT_EXTERNAL_DIFF|GIT_PROXY_COMMAND|(?:GIT_|SSH_|SUDO_)ASKPASS|PROMPT_COMMAND|BROWSER|LESSOPEN|LESSCLOSE|RSYNC_RSH|CVS_RSH)$/;

/** Looks at a variable's value where it is run, or names a file that is. */
export function checkVariable(name: string, value: string, inspection: Inspection): void {
  if (commandVariables.test(name)) inspection.shell(value);
  const text = /^(?:BASH_ENV|ENV)$/.test(name) ? inspection.files.get(absolute(inspection.cwd, value))?.text : undefined;
  if (typeof text === "string") inspection.shell(text);
}

/** `NAME=value` among a command's words. */
export function setVariable(text: string, inspection: Inspection): void {
  const cut = text.indexOf("=");
  const name = text.slice(0, cut).replace(/\+$/, "");
  const value = text.slice(cut + 1);
  checkVariable(name, value, inspection);
  inspection.variables.set(name, distinct([...(inspection.variables.get(name) ?? []), value]));
}
