import type { Tool } from "../core/tool.ts";
import { capText } from "./cap.ts";
import { clarify } from "./clarify.ts";
import { cronjob } from "./cronjob.ts";
import { configuration } from "./configuration.ts";
import { delegateTask } from "./delegate-task.ts";
import { executeCode } from "./execute-code.ts";
import { memory } from "./memory.ts";
import { modelSpeed } from "./model-speed.ts";
import { patch } from "./patch.ts";
import { process } from "./process.ts";
import { readFile } from "./read-file.ts";
import { searchFiles } from "./search-files.ts";
import { sendMessage } from "./send-message.ts";
import { sessionSearch } from "./session-search.ts";
import { skillManage } from "./skill-manage.ts";
import { skillView } from "./skill-view.ts";
import { withinLimit } from "./spill.ts";
import { terminal } from "./terminal.ts";
import { visionAnalyze } from "./vision-analyze.ts";
import { webExtract } from "./web-extract.ts";
import { webSearch } from "./web-search.ts";
import { todo } from "./todo.ts";
import { writeFile } from "./write-file.ts";

export { parseArguments } from "./arguments.ts";
export { toolSpecs } from "./specs.ts";

/** ONE LINE A TOOL. */
const registered = [
  clarify,
  configuration,
  cronjob,
  delegateTask,
  executeCode,
  memory,
  modelSpeed,
  patch,
  process,
  readFile,
  searchFiles,
  sendMessage,
  sessionSearch,
  skillManage,
  skillView,
  terminal,
  visionAnalyze,
  webExtract,
  webSearch,
  todo,
  writeFile,
] as const satisfies readonly Tool[];

/** All tools; what they return is kept within `limits.resultChars`, the rest of it in a file; the errors they throw are cut. */
export const tools: readonly Tool[] = registered.map(capped);

/** The tools of a list, and the sets they belong to. */
export function toolsetsOf(specs: readonly { readonly name: string }[]): {
  readonly tools: ReadonlySet<string>;
  readonly toolsets: ReadonlySet<string>;
} {
  const names = new Set(specs.map(({ name }) => name));
  return { tools: names, toolsets: new Set(tools.filter(({ name }) => names.has(name)).map(({ toolset }) => toolset)) };
}

function capped(tool: Tool): Tool {
  return {
    ...tool,
    preview: (args) => capText(tool.preview(args).replaceAll(/\s+/g, " "), 120),
    run: async (args, context) => {
      try {
        return await withinLimit(tool.name, await tool.run(args, context), context);
      } catch (thrown) {
        if (thrown instanceof Error && thrown.message.length <= context.limits.resultChars) throw thrown;
        throw new Error(capText(thrown instanceof Error ? thrown.message : String(thrown), context.limits.resultChars), {
          cause: thrown,
        });
      }
    },
  };
}
