import { InvalidArgumentError } from "commander";
import { entriesOf, toolsetFaults, toolsetsVariable } from "../config/toolset-names.ts";

/** What `--toolsets` sets, as the variable of its key. Throws for a name that is no set's. */
export function variablesOf(text: string): Readonly<Record<string, string>> {
  const fault = toolsetFaults(entriesOf(text)).find(({ severity }) => severity === "error");
  if (fault !== undefined) throw new InvalidArgumentError(`One${fault.message.replace(/;.*/, ".")} ${fault.mend}`);
  return { [toolsetsVariable]: text };
}
