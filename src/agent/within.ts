import { z } from "zod";
import { asFailure } from "../core/failures.ts";
import { redact } from "../core/redact.ts";
import type { CallingPorts, Tool } from "../core/tool.ts";
import { parseArguments } from "../tools/arguments.ts";
import { type LeaveSetting, refusalOf } from "./approvals.ts";
import type { CallContext } from "./call-context.ts";

interface Within extends LeaveSetting {
  readonly tools: ReadonlyMap<string, Tool>;
  readonly context: CallContext;
}

/** Tools as a running call may use them: they can't ask anybody, because the call can't wait for an answer. */
export function callingPorts(setting: Within, progress: (chunk: string) => void): CallingPorts {
  return {
    parametersOf(name) {
      const schema = setting.tools.get(name)?.parameters;
      return schema instanceof z.ZodObject ? Object.keys(schema.shape) : null;
    },
    async call(name, args) {
      const tool = setting.tools.get(name);
      if (!tool) throw new Error(`There is no tool ${name} here.`);
      const parsed = parseArguments(tool, JSON.stringify(args));
      if (!parsed.ok) throw new Error(parsed.error);
      const refusal = await refusalOf(setting, tool, parsed.args);
      if (refusal !== null) throw new Error(refusal);
      const ask = () => Promise.reject(new Error(`${name} would have to ask a person: call it as a tool of its own.`));
      const chats = { list: ask, post: ask };
      const delegation = { run: ask };
      try {
        return redact(await tool.run(parsed.args, { ...setting.context, progress, ask, chats, delegation, tools: none }));
      } catch (error) {
        throw new Error(asFailure(error).message, { cause: error });
      }
    },
  };
}

const none: CallingPorts = {
  parametersOf: () => null,
  call: (name) => Promise.reject(new Error(`${name} can't be called from here.`)),
};
