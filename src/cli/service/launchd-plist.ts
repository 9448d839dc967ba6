import { join } from "node:path";
import type { ServicePlan } from "./plan.ts";

/** The text of a launchd property list, without its first line and the mark. */
export function launchdPlist(plan: ServicePlan): string {
  const console = join(plan.home, "logs", `${plan.name}.out`);
  const entries: readonly Entry[] = [
    ["Label", plan.name],
    ["ProgramArguments", [...plan.command, "--quiet"]],
    ["EnvironmentVariables", plan.environment],
    ["WorkingDirectory", plan.home],
    ...(plan.account === null ? [] : [["UserName", plan.account.name] as const]),
    ["RunAtLoad", true],
    // Its statuses can't be told apart: the service ends with 0 where starting again mends nothing.
    ["KeepAlive", { SuccessfulExit: false }],
    ["ThrottleInterval", throttleSeconds],
    ["ExitTimeOut", plan.stopSeconds],
    ["ProcessType", "Adaptive"],
    ["Umask", ownerOnly],
    ["StandardOutPath", console],
    ["StandardErrorPath", console],
  ];
  return [
    `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">`,
    `<plist version="1.0">`,
    ...element(Object.fromEntries(entries)),
    "</plist>",
    "",
  ].join("\n");
}

type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };
type Entry = readonly [string, Value];

const throttleSeconds = 10;
const ownerOnly = 0o077;

function element(value: Value): readonly string[] {
  if (typeof value === "string") return [`<string>${escaped(value)}</string>`];
  if (typeof value === "number") return [`<integer>${value}</integer>`];
  if (typeof value === "boolean") return [value ? "<true/>" : "<false/>"];
  if (isList(value)) return ["<array>", ...value.flatMap(element).map(indented), "</array>"];
  const pairs = Object.entries(value).flatMap(([name, each]) => [`<key>${escaped(name)}</key>`, ...element(each)]);
  return ["<dict>", ...pairs.map(indented), "</dict>"];
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

function indented(line: string): string {
  return `  ${line}`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
