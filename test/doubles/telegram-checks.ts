import { bad, list, type Params, record, whole } from "./telegram-wire.ts";

/** Formatting of a stretch of text; further fields depend on the type. */
export interface Entity extends Params {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
}

export interface Button {
  readonly label: string;
  readonly data: string;
}

const longest = 4_096;
const longestRich = 32_768;
/** More entities than this are dropped without a word. */
const mostEntities = 100;
const entityTypes = new Set(
  (
    "mention hashtag cashtag bot_command url email phone_number bold italic underline strikethrough spoiler blockquote " +
    "expandable_blockquote code pre text_link text_mention custom_emoji"
  ).split(" "),
);
const code = new Set(["pre", "code"]);

export function checkedText(value: unknown): string {
  if (typeof value !== "string" || value.trim() === "") throw bad("message text is empty");
  if (value.length > longest) throw bad("message is too long");
  if (!value.isWellFormed()) throw bad("strings must be encoded in UTF-8");
  return value;
}

/** The Markdown of a rich message; null where there is none. */
export function checkedRich(params: Params): string | null {
  const { markdown } = record(params["rich_message"]);
  if (markdown === undefined) return null;
  if (typeof markdown !== "string" || markdown.trim() === "") throw bad("rich message is empty");
  if ([...markdown].length > longestRich) throw bad("rich message is too long");
  return markdown;
}

/** Stricter than Telegram, which drops or mends some of these silently: here a wrong one is to be noticed. */
export function checkedEntities(text: string, value: unknown): readonly Entity[] {
  const entities = list(value).map((each): Entity => {
    const fields = record(each);
    const entity = {
      ...fields,
      type: String(fields["type"]),
      offset: whole(fields["offset"]) ?? -1,
      length: whole(fields["length"]) ?? 0,
    };
    checkEntity(text, entity);
    return entity;
  });
  for (const [index, one] of entities.entries()) for (const other of entities.slice(index + 1)) checkPair(one, other);
  return entities.slice(0, mostEntities);
}

function checkEntity(text: string, { type, offset, length, ...more }: Entity): void {
  const end = offset + length;
  if (!entityTypes.has(type)) throw bad(`can't parse entities: unknown type ${type}`);
  if (offset < 0 || length <= 0 || end > text.length || splitsPair(text, offset) || splitsPair(text, end)) {
    throw bad(`can't parse entities: ${type} at ${offset}+${length} is out of bounds`);
  }
  if (type === "text_link" && typeof more["url"] !== "string") throw bad("can't parse entities: a text_link without url");
}

/** One within the other or apart; nothing within code but a quotation around it; quotations not nested. */
function checkPair(one: Entity, other: Entity): void {
  const [outer, inner] = one.length >= other.length ? [one, other] : [other, one];
  if (inner.offset + inner.length <= outer.offset || outer.offset + outer.length <= inner.offset) return;
  const within = outer.offset <= inner.offset && inner.offset + inner.length <= outer.offset + outer.length;
  const quotes = Number(one.type === "blockquote") + Number(other.type === "blockquote");
  const quoted = quotes === 1 && (outer.type === "blockquote" || outer.length === inner.length);
  const plain = quotes === 0 && !code.has(one.type) && !code.has(other.type);
  if (!within || !(quoted || plain)) throw bad(`can't parse entities: ${inner.type} in ${outer.type}`);
}

function splitsPair(text: string, at: number): boolean {
  return at > 0 && at < text.length && /[\uD800-\uDBFF]/.test(text[at - 1] ?? "") && /[\uDC00-\uDFFF]/.test(text[at] ?? "");
}

export function checkedKeyboard(value: unknown): readonly Button[] {
  const rows = list(record(value)["inline_keyboard"]);
  return rows.flatMap((row) =>
    list(row).map((each) => {
      const { text, callback_data: data } = record(each);
      if (typeof text !== "string" || text === "") throw bad("can't parse inline keyboard button: text is empty");
      if (typeof data !== "string" || data === "" || Buffer.byteLength(data) > 64) throw bad("BUTTON_DATA_INVALID");
      return { label: text, data };
    }),
  );
}
