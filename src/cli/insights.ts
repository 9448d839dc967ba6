import type { Command } from "commander";
import { type Context, type Define, exits, isPlain } from "./context.ts";
import { askRecord } from "./record.ts";

/** Draws Markdown at a terminal; `width` 0: nobody knows. */
export interface Drawing {
  drawMarkdown(markdown: string, how: { readonly width: number; readonly plain: boolean }): string;
}

interface Options {
  readonly days: string;
  readonly source?: string;
  readonly json?: true;
}

/** `hermes insights`: what was asked, and how fast and how well the model worked. */
export function insightsWith(drawing: () => Promise<Drawing>): Define {
  return (command: Command, context: Context, streams) => {
    command
      .option("--days <number>", "how many days back", "30")
      .option("--source <platform>", "only what was asked there: telegram, web …")
      .option("--json", "print the figures for a program")
      .action(async ({ days, source = "", json }: Options) => {
        const args = [days, source, ...(json ? ["json"] : [])];
        const { ok, text } = await askRecord(context, { command: "insights", args });
        if (!ok) {
          context.remark(`hermes: ${text}`);
          context.exit(exits.failure);
        } else if (json) {
          context.print(text);
        } else {
          const atTerminal = streams?.stdout.isTTY === true;
          const width = atTerminal ? (process.stdout.columns ?? 0) : 0;
          const plain = !atTerminal || isPlain(context.env);
          const drawn = (await drawing()).drawMarkdown(text, { width, plain });
          context.print(plain ? withoutBoxes(drawn) : drawn);
        }
      });
  };
}

function withoutBoxes(text: string): string {
  return text.replaceAll("│", "|").replaceAll("─", "-").replaceAll("┼", "+").replaceAll("•", "-");
}
