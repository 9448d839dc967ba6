import type { Language } from "../core/language.ts";
import { codeSpan } from "../core/markdown.ts";
import type { ModelMessage } from "../core/model.ts";
import { redact } from "../core/redact.ts";
import type { Tool } from "../core/tool.ts";
import { parseArguments } from "../tools/arguments.ts";

/** Newest calls told of; a person wants to know where it stands, not to read a log. */
const mostCalls = 10;

/** What a turn has done so far, for a person whose request ends without the model's own words; empty when it has done nothing. */
export function accountOf(own: readonly ModelMessage[], tools: ReadonlyMap<string, Tool>, { endings }: Language): string {
  const done = own.flatMap((message) => {
    if (message.role !== "assistant") return [];
    return message.calls.flatMap((call) => {
      const tool = tools.get(call.name);
      const parsed = tool && parseArguments(tool, call.arguments);
      return parsed?.ok === true ? [`- ${codeSpan(redact(tool?.preview(parsed.args) ?? call.name))}`] : [];
    });
  });
  if (done.length === 0) return "";
  const left = done.length > mostCalls ? [`- ${endings.callsBefore(done.length - mostCalls)}`] : [];
  return [endings.didUntilThen, ...left, ...done.slice(-mostCalls)].join("\n");
}
