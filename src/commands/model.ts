import type { CommandCall, ModelMenu } from "../core/command.ts";
import type { Language } from "../core/language.ts";
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
    const { model: words } = call.language.replies;
    const { name, global } = wanted(call.args);
    const rules = person.role === "owner" || person.role === "admin";
    if (name !== "" && !rules) return words.ruling;
    if (name === "default" && !global) {
      await ports.chooseModel(null);
      return `${words.back} ${words.cold}`;
    }
    const menu = await ports.models();
    if (name === "")
      return rules ? [current(menu, words), "", ...listed(menu, words), "", words.usage].join("\n") : current(menu, words);
    return await choose(call, menu, name, global);
  },
});

type Words = Language["replies"]["model"];

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

function current({ model, server, choice }: ModelMenu, words: Words): string {
  return words.current(codeSpan(model), server, choice !== null);
}

interface Line {
  readonly provider: string;
  readonly model: string;
}

function linesOf(menu: ModelMenu): readonly Line[] {
  return menu.providers.flatMap(({ provider, models }) => models.map((name) => ({ provider, model: name })));
}

function listed(menu: ModelMenu, words: Words): readonly string[] {
  if (menu.providers.length === 0) return [words.noServer];
  const numbers = new Map(linesOf(menu).map((line, index) => [`${line.provider} ${line.model}`, index + 1]));
  const lines = menu.providers.flatMap(({ provider, server, models, failure }) => [
    `${provider === "main" ? "" : `${provider}, `}${failure === null ? `${server}:` : words.cannotAsk(server, without(server, failure))}`,
    ...models.map(
      (name) => `- ${numbers.get(`${provider} ${name}`)}: ${codeSpan(name)}${name === menu.model ? words.currentMark : ""}`,
    ),
  ]);
  return lines.length <= mostListed ? lines : [...lines.slice(0, mostListed), words.more(lines.length - mostListed)];
}

/** Why a server can't be asked, its address not named once more. */
function without(server: string, failure: string): string {
  const origin = URL.parse(server)?.origin ?? server;
  return failure.replaceAll(` at ${server}`, "").replaceAll(` at ${origin}`, "");
}

async function choose({ ports, language }: CommandCall, menu: ModelMenu, name: string, global: boolean): Promise<string> {
  const { model: words } = language.replies;
  const choice = find(menu, name);
  if (choice === null) return [words.unknown(codeSpan(name)), "", ...listed(menu, words)].join("\n");
  const said = codeSpan(choice.model ?? choice.provider ?? name);
  if (!global) {
    await ports.chooseModel(choice);
    return `${words.chosen(said)} ${words.cold}`;
  }
  const saved = await ports.makeDefaultModel(choice);
  return `${words.isDefault(said)} ${saved} ${words.cold}`;
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
