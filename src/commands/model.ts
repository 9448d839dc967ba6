import type { CommandCall, ModelMenu } from "../core/command.ts";
import { codeSpan } from "../core/markdown.ts";
import type { ModelChoice } from "../core/model.ts";
import { command } from "./command.ts";

export const model = command({
  name: "model",
  aliases: [],
  argument: { offers: "models" },
  role: "member",
  async run(call) {
    const { person, ports } = call;
    const { name, global } = wanted(call.args);
    const rules = person.role === "owner" || person.role === "admin";
    if (name !== "" && !rules) return "Only an owner or an admin can change the model.";
    if (name === "default" && !global) {
      await ports.chooseModel(null);
      return `This conversation goes back to the default model. ${cold}`;
    }
    const menu = await ports.models();
    if (name === "") return rules ? [current(menu), "", ...listed(menu), "", usage].join("\n") : current(menu);
    return await choose(call, menu, name, global);
  },
});

const usage =
  "`/model NAME` or its number switches this conversation, `/model NAME --global` everybody's, `/model default` goes back to the default.";
/** What a person would wonder about at the next, slow answer. */
const cold = "The next answer begins slowly: that model has yet to read the conversation.";
/** Longer lists are cut. */
const mostListed = 40;

function wanted(args: string): { name: string; global: boolean } {
  const words = args.split(/\s+/).filter(Boolean);
  const global = words.includes("--global") || (words.length > 1 && words[0] === "global");
  return {
    name: words.filter((word, index) => word !== "--global" && !(global && index === 0 && word === "global")).join(" "),
    global,
  };
}

function current({ model, server, choice }: ModelMenu): string {
  return `Model: ${codeSpan(model)} at ${server}${choice === null ? "" : " (chosen for this conversation)"}`;
}

interface Line {
  readonly provider: string;
  readonly model: string;
}

function linesOf(menu: ModelMenu): readonly Line[] {
  return menu.providers.flatMap(({ provider, models }) => models.map((name) => ({ provider, model: name })));
}

function listed(menu: ModelMenu): readonly string[] {
  if (menu.providers.length === 0) return ["No model server is set up; `hermes model` connects one."];
  const numbers = new Map(linesOf(menu).map((line, index) => [`${line.provider} ${line.model}`, index + 1]));
  const lines = menu.providers.flatMap(({ provider, server, models, failure }) => [
    `${provider === "main" ? "" : `${provider}, `}${server}${failure === null ? ":" : ` can't be asked: ${without(server, failure)}`}`,
    ...models.map(
      (name) => `- ${numbers.get(`${provider} ${name}`)}: ${codeSpan(name)}${name === menu.model ? " (current)" : ""}`,
    ),
  ]);
  return lines.length <= mostListed ? lines : [...lines.slice(0, mostListed), `… and ${lines.length - mostListed} more`];
}

/** Why a server can't be asked, its address not named once more. */
function without(server: string, failure: string): string {
  const origin = URL.parse(server)?.origin ?? server;
  return failure.replaceAll(` at ${server}`, "").replaceAll(` at ${origin}`, "");
}

async function choose({ ports }: CommandCall, menu: ModelMenu, name: string, global: boolean): Promise<string> {
  const choice = find(menu, name);
  if (choice === null) return [`There is no model ${codeSpan(name)}.`, "", ...listed(menu)].join("\n");
  const said = codeSpan(choice.model ?? choice.provider ?? name);
  if (!global) {
    await ports.chooseModel(choice);
    return `This conversation uses ${said} from the next message on. ${cold}`;
  }
  const saved = await ports.makeDefaultModel(choice);
  return `${said} is the default model now. ${saved} ${cold}`;
}

/** By number, by name, by `provider:name`, by a file's plain name, or a provider's own model. */
function find(menu: ModelMenu, name: string): ModelChoice | null {
  const lines = linesOf(menu);
  const word = name.toLowerCase();
  const byNumber = /^\d+$/.test(name) ? lines[Number(name) - 1] : undefined;
  const same = (form: (line: Line) => string): Line | undefined => lines.find((line) => form(line).toLowerCase() === word);
  const found =
    same((line) => line.model) ??
    byNumber ??
    same((line) => `${line.provider}:${line.model}`) ??
    same((line) => (line.model.split("/").at(-1) ?? "").replace(/\.gguf$/i, ""));
  if (found !== undefined) return { provider: found.provider, model: found.model };
  const provider = menu.providers.find((each) => each.provider.toLowerCase() === word);
  return provider === undefined ? null : { provider: provider.provider, model: provider.models[0] ?? null };
}
