import { InvalidArgumentError } from "commander";
import { keyOf } from "../config/keys.ts";
import { toolsetFaults, toolsetsIn } from "../config/tool-keys.ts";

/** What `--toolsets` sets, as the variable of its key. Throws for a name that is no set's. */
export function variablesOf(text: string): Readonly<Record<string, string>> {
  const fault = toolsetFaults(toolsetsIn(text)).find(({ severity }) => severity === "error");
  if (fault !== undefined) throw new InvalidArgumentError(`One${fault.message.replace(/;.*/, ".")} ${fault.mend}`);
  return { [keyOf("toolsets").env ?? ""]: text };
}
