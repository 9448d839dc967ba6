import type { OutboundButton } from "../../src/core/outbound.ts";
import type { SlackChunk } from "../render/slack.ts";
import { escaped } from "../render/slack-marks.ts";
import type { Fields } from "./fields.ts";

/** What notifications and screen readers show; `chat.update` takes no more than 4,000 characters here. */
const fallbackChars = 3_000;
const buttonsPerRow = 5;
const labelChars = 75;
const metadataType = "hermes_message";

/** A message in blocks: Markdown as it is, buttons and a small line below. An update with blocks replaces all that was there. */
export function content({ markdown, footer }: SlackChunk, buttons: readonly OutboundButton[] = []): Fields {
  const rows = Array.from({ length: Math.ceil(buttons.length / buttonsPerRow) }, (_, row) => ({
    type: "actions",
    elements: buttons.slice(row * buttonsPerRow, (row + 1) * buttonsPerRow).map(({ label, data }, index) => ({
      type: "button",
      action_id: `hermes:${row * buttonsPerRow + index}`,
      text: { type: "plain_text", text: label.slice(0, labelChars) || "…", emoji: true },
      value: data,
    })),
  }));
  return {
    text: escaped(markdown).slice(0, fallbackChars).toWellFormed(),
    blocks: [{ type: "markdown", text: markdown }, ...rows, ...footerBlocks(footer)],
  };
}

/** The small line; plain text, so that nothing in it is a mark. */
export function footerBlocks(footer: string | undefined): readonly Fields[] {
  return footer === undefined ? [] : [{ type: "context", elements: [{ type: "plain_text", text: footer, emoji: false }] }];
}

/** What a message can be found by afterwards. */
export function metadata(key: string): Fields {
  return { metadata: { event_type: metadataType, event_payload: { key } } };
}

/** The key of a message that we sent, or null. */
export function keyOf(message: Fields): unknown {
  const { metadata: about } = message;
  if (typeof about !== "object" || about === null || !("event_payload" in about)) return null;
  const { event_payload: payload } = about;
  return typeof payload === "object" && payload !== null && "key" in payload ? payload.key : null;
}
