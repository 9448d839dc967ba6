import { list, type Params, record, SlackRefusal, words } from "./slack-wire.ts";

export interface SlackButton {
  readonly label: string;
  readonly action: string;
  readonly value: string;
}

/** What a message says, however it was sent. */
export interface SlackContent {
  readonly text: string;
  readonly form: "text" | "markdown" | "blocks";
  readonly buttons: readonly SlackButton[];
  /** The small line below; empty without one. */
  readonly footer: string;
}

const longestMarkdown = 12_000;
const longestText = 40_000;
const longestUpdate = 4_000;
const mostBlocks = 50;

/** Checks what Slack checks, and more strictly: what it would cut off is refused here, to be noticed. */
export function checkedContent(params: Params, update: boolean): SlackContent {
  const markdown = words(params["markdown_text"]);
  const text = words(params["text"]);
  const blocks = list(params["blocks"]).map(record);
  if (markdown !== null && (text !== null || blocks.length > 0)) throw new SlackRefusal("markdown_text_conflict");
  if (markdown !== null) return { text: checkedMarkdown(markdown), form: "markdown", buttons: [], footer: "" };
  if (text === null && blocks.length === 0) throw new SlackRefusal("no_text");
  if ((text ?? "").length > (update ? longestUpdate : longestText)) throw new SlackRefusal("msg_too_long");
  if (blocks.length === 0) return { text: text ?? "", form: "text", buttons: [], footer: "" };
  return { ...checkedBlocks(blocks), form: "blocks" };
}

export function checkedMarkdown(markdown: string): string {
  if (markdown.length > longestMarkdown) throw new SlackRefusal("msg_too_long");
  if (!markdown.isWellFormed()) throw new SlackRefusal("invalid_arguments");
  return markdown;
}

function checkedBlocks(blocks: readonly Params[]): Omit<SlackContent, "form"> {
  if (blocks.length > mostBlocks) throw new SlackRefusal("invalid_blocks");
  const markdown = blocks.filter(({ type }) => type === "markdown").map(({ text }) => words(text) ?? "");
  if (markdown.some((each) => each === "")) throw new SlackRefusal("invalid_blocks");
  if (markdown.join("").length > longestMarkdown) throw new SlackRefusal("msg_blocks_too_long");
  const actions = blocks.filter(({ type }) => type === "actions").map(({ elements }) => list(elements).map(record));
  if (actions.some((each) => each.length === 0 || each.length > 25)) throw new SlackRefusal("invalid_blocks");
  const footer = blocks.filter(({ type }) => type === "context").map(checkedFooter);
  return { text: markdown.join("\n\n"), buttons: actions.flatMap((each) => checkedButtons(each)), footer: footer.join("\n") };
}

/** Up to ten elements, texts of up to 3,000 characters. */
function checkedFooter({ elements }: Params): string {
  const texts = list(elements).map(record);
  if (texts.length === 0 || texts.length > 10) throw new SlackRefusal("invalid_blocks");
  return texts
    .map(({ type, text }) => {
      const said = words(text) ?? "";
      if ((type !== "plain_text" && type !== "mrkdwn") || said === "" || said.length > 3_000)
        throw new SlackRefusal("invalid_blocks");
      return said;
    })
    .join(" ");
}

function checkedButtons(elements: readonly Params[]): readonly SlackButton[] {
  const buttons = elements.map((element) => {
    const label = words(record(element["text"])["text"]) ?? "";
    const action = words(element["action_id"]) ?? "";
    const value = words(element["value"]) ?? "";
    const wrong =
      element["type"] !== "button" || label === "" || label.length > 75 || action.length > 255 || value.length > 2_000;
    if (wrong) throw new SlackRefusal("invalid_blocks");
    return { label, action, value };
  });
  if (new Set(buttons.map(({ action }) => action)).size < buttons.length) throw new SlackRefusal("invalid_blocks");
  return buttons;
}
