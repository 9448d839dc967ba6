import { Argument, Command } from "commander";
import { toolsets } from "../core/tool.ts";
import { bashScript } from "./completion/bash.ts";
import { branchesOf, valueKinds, type ValueKind } from "./completion/tree.ts";
import { valuesOf } from "./completion/values.ts";
import { zshScript } from "./completion/zsh.ts";
import type { Context, Define } from "./context.ts";

/** A command of the registry. */
interface Entry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
}

/** `hermes completion bash|zsh`: a script that is made of all commands, so that it knows what they know. */
export function completionOf(entries: readonly Entry[]): Define {
  return (command, context) => {
    const script = (shell: string, make: typeof bashScript) =>
      command
        .command(shell)
        .description(`print the script for ${shell}`)
        .action(async () => context.print(make(branchesOf(await treeOf(entries, context))).trimEnd()));
    script("bash", bashScript);
    script("zsh", zshScript);
    command
      .command("values", { hidden: true })
      .addArgument(new Argument("<kind>").choices(valueKinds))
      .argument("[of]")
      .action(async (kind: ValueKind, of: string = "") => {
        for (const value of await valuesOf(context.home, kind, of)) context.print(value);
      });
    command.addHelpText(
      "after",
      `
For bash, in ~/.bashrc:  source <(hermes completion bash)
For zsh:                 hermes completion zsh > "\${fpath[1]}/_hermes"`,
    );
  };
}

/** All commands with what they take; nothing of them runs. */
async function treeOf(entries: readonly Entry[], context: Context): Promise<Command> {
  const program = new Command("hermes").option("--toolsets <names>").option("-V, --version").option("-h, --help");
  for (const { name, summary, load } of entries) (await load()).define(program.command(name).description(summary), context);
  program.options.find(({ long }) => long === "--toolsets")?.choices(toolsets);
  return program;
}
