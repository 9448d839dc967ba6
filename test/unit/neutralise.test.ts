import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { ModelMessage, ModelRequest } from "../../src/core/model.ts";
import { buildAnswer } from "../../src/model/answer.ts";
import { modes } from "../../src/model/modes/index.ts";
import { neutralise, neutraliseJson, restore, restoreJson } from "../../src/model/neutralise.ts";
import type { ApiMode } from "../../src/model/settings.ts";

/** Tokens of the templates and vocabularies that we know of, as their makers publish them. */
const families: Readonly<Record<string, string>> = {
  "ChatML, Qwen":
    "<|im_start|> <|im_end|> <|endoftext|> <|im_sep|> <tool_call> </tool_call> <tool_response> </tool_response> <think> </think>",
  "Qwen pictures": "<|vision_start|> <|image_pad|> <|box_start|> <|fim_prefix|> <|repo_name|>",
  "Llama 3":
    "<|begin_of_text|> <|start_header_id|> <|end_header_id|> <|eot_id|> <|eom_id|> <|python_tag|> <|end_of_text|> <|reserved_special_token_247|>",
  "Llama 4": "<|header_start|> <|header_end|> <|eot|> <|python_start|>",
  "Llama 2": "[INST] [/INST] <<SYS>> <</SYS>> <s> </s> <unk>",
  "Code Llama": "<PRE> <SUF> <MID> <EOT>",
  Mistral:
    "[TOOL_CALLS] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_RESULTS] [/TOOL_RESULTS] [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [TOOL_CONTENT] [/TOOL_CONTENT] [CALL_ID] [ARGS] [THINK] [/THINK] [IMG] [IMG_BREAK] [IMG_END] [BEGIN_AUDIO] [PREFIX] [MODEL_SETTINGS]",
  DeepSeek:
    "<｜begin▁of▁sentence｜> <｜end▁of▁sentence｜> <｜User｜> <｜Assistant｜> <｜tool▁calls▁begin｜> <｜tool▁call▁begin｜> <｜tool▁sep｜> <｜tool▁call▁end｜> <｜tool▁calls▁end｜> <｜tool▁outputs▁begin｜> <|EOT|> ｜DSML｜",
  GLM: "[gMASK] [sMASK] <sop> <eop> <|system|> <|user|> <|assistant|> <|observation|> <arg_key> </arg_key> <arg_value> </arg_value>",
  Gemma: "<bos> <eos> <start_of_turn> <end_of_turn> <start_of_image> <unused42> <image_soft_token> [@BOS@]",
  "Gemma 4": '<|turn> <turn|> <|tool_call> <tool_call|> <|channel> <channel|> <|"|> <|tool_response>',
  FunctionGemma: "<start_function_call> <end_function_call> <start_function_declaration> <end_function_response> <escape>",
  "gpt-oss": "<|start|> <|channel|> <|message|> <|call|> <|return|> <|end|> <|constrain|> <|startoftext|>",
  Kimi: "<|im_user|> <|im_assistant|> <|im_system|> <|im_middle|> <|tool_calls_section_begin|> <|tool_call_begin|> <|tool_call_argument_begin|> <|tool_calls_section_end|> [BOS] [EOS] [EOT] ◁think▷ ◁/think▷",
  "Command R":
    "<BOS_TOKEN> <|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|> <|SYSTEM_TOKEN|> <|USER_TOKEN|> <|CHATBOT_TOKEN|> <|START_ACTION|> <|START_THINKING|> <EOS_TOKEN>",
  MiniMax:
    "]~b] ]~!b[ [e~[ ]!p~[ ]!d~[ ]<]minimax[>[ ]<]start of image[>[ <minimax:tool_call> </minimax:tool_call> <end_of_sentence>",
  Phi: "<|system|> <|user|> <|assistant|> <|end|> <|tool|> <|/tool|> <|tool_call|> <|/tool_call|>",
  Granite: "<|start_of_role|> <|end_of_role|> <|tool_call|> <|end_of_text|>",
  Hermes: "<tools> </tools> <scratch_pad> <SCRATCHPAD> <REASONING> <INNER_MONOLOGUE> <THINKING>",
  "Seed, EXAONE, Ling, Solar":
    "<seed:bos> <seed:eos> <seed:think> <seed:tool_call> [|system|] [|user|] [|endofturn|] <role> </role> <|tool_call:begin|>",
  "MiniCPM, TeleChat, Nemotron, Baichuan": "<用户> <AI> <_user> <_bot> <SPECIAL_12> <extra_id_1> <TOOLCALL> <reserved_106>",
  "LM Studio, llama-server": "[TOOL_REQUEST] [END_TOOL_REQUEST] <__media__>",
};
const tokens = Object.values(families).flatMap((line) =>
  line
    .replace("start of image", "start\u00a0of\u00a0image")
    .split(" ")
    .map((token) => token.replaceAll("\u00a0", " ")),
);
const mark = "\u200b";

/** What else may stand around: pieces of tokens, ordinary code, other scripts. */
const fragments = [
  "<|",
  "|>",
  "<",
  ">",
  "[",
  "]",
  "/",
  "|",
  "｜",
  "~b",
  "e~",
  "im_end",
  "s",
  "INST",
  "SYS",
  "think",
  "tool_call",
  "DSML",
].concat(["◁", "▷", " ", "\n", "a", '"', "\\", "{", "👋", "世界", "<a href='x'>", "x[0]", "if (a < b) {", "user", "minimax"]);
const words = fc.array(fc.oneof(fc.constantFrom(...tokens), fc.constantFrom(...fragments)), { maxLength: 24 });
const text = words.map((parts) => parts.join(""));

const left = (json: string) =>
  tokens.filter((token) => json.includes(token) || json.includes(JSON.stringify(token).slice(1, -1)));

test("every token of every family loses its power, and all that people see stays", () => {
  assert.ok(tokens.length > 150);
  for (const token of tokens) {
    const calm = neutralise(`a ${token} b`);
    assert.deepEqual(left(calm), [], token);
    assert.equal(calm.replaceAll(mark, ""), `a ${token} b`);
    assert.equal(restore(calm), `a ${token} b`);
  }
});

test("no token is left in any concatenation; once is enough; and it can all be taken back", () => {
  fc.assert(
    fc.property(text, (said) => {
      const once = neutralise(said);
      assert.deepEqual(left(once), []);
      assert.equal(neutralise(once), once);
      assert.equal(once.replaceAll(mark, ""), said);
      assert.equal(restore(once), said);
    }),
    { numRuns: 2_000 },
  );
});

test("ordinary text, code and markup stay as they are, byte for byte", () => {
  const plain = [
    "a < b && c > d || e | f",
    "x[0] = y[INSTALL]; [link](url) [x] [ ] [^1] [inst] [1|2]",
    "<div class='s'><span>5 &lt; 6</span><br/><a href=\"#\">x</a></div>",
    "1 <| f; g <|> h; a ||> b; List.map f <| xs |> List.length",
    "Vec<String> Map<string, unknown[]> std::vector<std::pair<int, T>> fn<'a, T: Copy>() Array<S>",
    "cat <<EOF >out 2>&1; [ -f x ] && [[ $a == b ]] | tee <(ls)",
    '<parameter name="x" value="y"/> <function name="f"> <bean><property name="p"/></bean> <invoke method="m"/>',
    "<code>f()</code> <strong>b</strong> <em>i</em> <table><tr><td>1</td></tr></table> <response>ok</response>",
    "INSERT INTO t VALUES ('a|b', '<none>') -- <LATER> <your-name> <user@example.org>",
    "⟨ψ|φ⟩ <0|1> a|b|c 世界 「引用」 👋🏽 zero\u200bwidth and \ufeff a mark",
    "",
  ];
  for (const each of plain) {
    assert.equal(neutralise(each), each);
    assert.equal(restore(each), each);
  }
});

test("half a surrogate pair is replaced: a server refuses the whole request for one", () => {
  assert.equal(neutralise("a\ud83d"), "a\ufffd");
  assert.equal(neutraliseJson('{"a":"\\ud83d"}'), '{"a":"\ufffd"}');
  assert.equal(
    neutraliseJson('{"a":"\\\\ud83d \\ud83d\\ude00"}'),
    '{"a":"\\\\ud83d \\ud83d\\ude00"}',
    "but no whole one, and no backslash",
  );
});

test("arguments stay JSON of the same meaning, also where an escape hides a token", () => {
  const value = fc.dictionary(text, fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.integer(), fc.boolean()), { maxKeys: 4 });
  fc.assert(
    fc.property(value, fc.boolean(), fc.constantFrom(0, 2), (args, escaped, indent) => {
      const plain = JSON.stringify(args, null, indent);
      const sent = escaped ? plain.replaceAll("<", "\\u003c").replaceAll("/", "\\/").replaceAll("｜", "\\uff5c") : plain;
      const calm = neutraliseJson(sent);
      assert.deepEqual(left(JSON.stringify(JSON.parse(calm))), []);
      assert.equal(neutraliseJson(calm), calm);
      assert.deepEqual(JSON.parse(restoreJson(calm)), JSON.parse(sent));
    }),
    { numRuns: 1_000 },
  );
  assert.equal(
    neutraliseJson('{ "n": 12345678901234567890, "t": "a\\u00e9\\n" }'),
    '{ "n": 12345678901234567890, "t": "a\\u00e9\\n" }',
  );
  assert.equal(restoreJson(`{"a":"<\\u200B|im_end|>\\n"}`), '{"a":"<|im_end|>\\n"}', "a model may write the mark as an escape");
  assert.equal(restoreJson(`{"a":"<${mark}s>`), '{"a":"<s>', "broken JSON too");
});

/** The text in every place of a request that is not the template's own. */
function requestOf(said: string, args: string): ModelRequest {
  const messages: ModelMessage[] = [
    { role: "system", content: `rules\n\n${said}` },
    { role: "user", content: said },
    { role: "user", content: said },
    { role: "assistant", content: said, reasoning: "", calls: [{ id: `c${said}`, name: `n${said}`, arguments: args }] },
    { role: "tool", call: `c${said}`, name: "n", content: said },
    { role: "user", content: `more ${said}` },
    { role: "assistant", content: "", reasoning: said, calls: [{ id: "d", name: "n", arguments: args }] },
    { role: "tool", call: "d", name: "n", content: said },
  ];
  const parameters = { type: "object", properties: { [said]: { type: "string", description: said, enum: [said] } } };
  return { messages, tools: [{ name: "n", description: said, parameters }], toolChoice: "auto" };
}

/** All texts of a body; neighbouring blocks of text joined, as templates join them. */
function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) {
    const blocks = value.every((each) => each?.type === "text") ? [value.map((each) => each.text).join("")] : [];
    return [...blocks, ...value.flatMap(texts)];
  }
  return value !== null && typeof value === "object" ? Object.entries(value).flatMap(([key, each]) => [key, ...texts(each)]) : [];
}

test("no token is left anywhere in a request's body, in any of the three modes", () => {
  const apiModes: readonly ApiMode[] = ["chat_completions", "responses", "anthropic_messages"];
  const wire = { model: "m", maxTokens: 100, progress: true };
  fc.assert(
    fc.property(text, fc.boolean(), (said, broken) => {
      const request = requestOf(said, broken ? `{"a":"${said}` : JSON.stringify({ [said]: [said] }));
      for (const mode of apiModes) {
        const body = modes[mode].body(request, wire);
        assert.deepEqual(texts(body).flatMap(left), [], mode);
        assert.equal(JSON.stringify(body), JSON.stringify(modes[mode].body(request, wire)));
      }
    }),
    { numRuns: 120 },
  );
});

test("a token cut in two by two messages of one person stays cut where a mode joins their blocks", () => {
  const messages = ["<|im_", "start|>system"].map((content) => ({ role: "user" as const, content }));
  const body = modes.anthropic_messages.body(
    { messages, tools: [], toolChoice: "auto" },
    { model: "m", maxTokens: 9, progress: true },
  );
  assert.deepEqual(texts(body).flatMap(left), []);
});

test("hostile text takes no longer than other", () => {
  const length = 400_000;
  for (const unit of ["<", "<|", "<|a", "[", "[|", "]<]a", "<a", "</", "<unused1", "｜", '\\"', "<\u200b", "<|x\u200b"]) {
    const hostile = unit.repeat(length / unit.length);
    const began = performance.now();
    restore(neutralise(hostile));
    restoreJson(neutraliseJson(JSON.stringify({ a: hostile })));
    assert.ok(performance.now() - began < 1_500, `${unit} took ${performance.now() - began} ms`);
  }
});

/** What comes of an answer of these pieces. */
function answered(pieces: readonly string[], args: string) {
  const builder = buildAnswer([{ name: "write_file", description: "", parameters: {} }], 0);
  const shown = pieces.flatMap((content) => builder.take({ choices: [{ delta: { content } }] }));
  const call = { index: 0, id: "a", function: { name: "write_file", arguments: args } };
  builder.take({ choices: [{ delta: { tool_calls: [call] }, finish_reason: "tool_calls" }] });
  const partial = builder.partial();
  const { events, answer } = builder.end();
  const text = [...shown, ...events].map((event) => (event.type === "text" ? event.delta : "")).join("");
  return { text, partial, answer };
}

test("what the model copies of what it read has no marks in it: not in its calls, its answer, nor what is shown while it streams", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 5 }), (file, step) => {
      const read = `It says: ${neutralise(file)}.`;
      const pieces = read.match(new RegExp(`[^]{1,${step}}`, "gu")) ?? [];
      const { text: shown, partial, answer } = answered(pieces, JSON.stringify({ path: "a", content: neutralise(file) }));
      assert.equal(answer.calls[0]?.arguments, JSON.stringify({ path: "a", content: file }));
      for (const each of [shown, partial, answer.content]) assert.ok(!each.includes(mark));
    }),
  );
  const { answer, text: shown } = answered(["An <", mark, "|im_", "end|> ends it, and </", "b>."], '{"path":"a"}');
  assert.deepEqual([shown, answer.content], ["An <|im_end|> ends it, and </b>.", "An <|im_end|> ends it, and </b>."]);
});

test("what goes back to the server after that is what the model wrote, byte for byte: its cache holds", () => {
  const wrote = `{"path": "a", "content": "<${mark}|im_end|>\\n<p>"}`;
  const { answer } = answered(["x"], wrote);
  const body = modes.chat_completions.body(
    { messages: [{ role: "assistant", content: "", reasoning: "", calls: answer.calls }], tools: [], toolChoice: "auto" },
    { model: "m", maxTokens: null, progress: false },
  );
  assert.ok(JSON.stringify(body).includes(JSON.stringify(wrote)));
});
