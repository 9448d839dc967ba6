import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { mcpServer } from "../doubles/mcp-server.ts";
import { call, say, type Seen } from "../doubles/model-server.ts";
import { freshHome } from "../flow/service.ts";
import { lastOf, openTalk, openTalkApart } from "../flow/talk-rig.ts";
import { typed } from "../flow/typed.ts";

function names(seen: Seen | undefined): readonly string[] {
  return (seen?.body.tools ?? []).map((tool) => tool.function.name).filter((name) => /^mcp_|^tool_/.test(name));
}

const echo = (seen: Seen) =>
  seen.body.messages.at(-1)?.role === "tool" ? say(`came: ${lastOf(seen)}`) : call("mcp_double_echo", { text: "hi" });

test("a session's MCP tools stay in its prompt while their server is away, and answer so; another session has none", async () => {
  await using server = await mcpServer();
  const config = `terminal: {backend: virtual}\nmcp_servers:\n  double: {url: "${server.url}", tools: {exclude: [large]}}\n`;
  await using rig = await openTalkApart({ config });
  const first = await rig.ask("echo", echo);
  assert.equal(first.answer, "came: hi");
  assert.deepEqual(names(first.seen[0]), ["mcp_double_broken", "mcp_double_echo", "mcp_double_picture", "mcp_double_write"]);
  await server.away();
  assert.match(await rig.askOn("echo"), /came: Error: The MCP server double is away/);
  await rig.restart();
  assert.match(await rig.askOn("echo"), /mcp_double_echo is away/);
  assert.equal(JSON.stringify(rig.model.seen.at(-1)?.body.tools), JSON.stringify(first.seen[0]?.body.tools));
  const { seen } = await rig.ask("hello", () => say("hello"));
  assert.deepEqual(names(seen[0]), []);
  await server.back();
  await writeFile(join(rig.home, "config.yaml"), `${config}role_toolsets: {owner: [file], admin: [file], member: [file]}\n`);
  const narrowed = await rig.ask("hello", () => say("hello"));
  assert.deepEqual(names(narrowed.seen[0]), []);
});

test("too many tools for a prompt are found and called through two", async () => {
  await using server = await mcpServer(80);
  await using rig = await openTalk({ config: `terminal: {backend: virtual}\nmcp_servers: {double: {url: "${server.url}"}}\n` });
  const steps = [
    call("tool_search", { query: "invoice_79" }),
    call("tool_call", { name: "mcp_double_invoice_79", arguments: { text: "late" } }),
  ];
  const { seen } = await rig.ask("find", (_seen, count) => steps[count] ?? say("done"));
  assert.ok(names(seen[0]).includes("tool_call") && !names(seen[0]).includes("mcp_double_invoice_79"));
  assert.match(lastOf(seen[1]), /mcp_double_invoice_79: Handles/);
  assert.equal(lastOf(seen[2]), "invoice 79: late");
});

test("where it is set, a call that may change something is asked for first, by name or through tool_call; reading is not", async () => {
  await using server = await mcpServer(80);
  const config = `terminal: {backend: virtual}\nmcp_servers: {double: {url: "${server.url}", approval: true}}\n`;
  await using rig = await openTalk({ config });
  const steps = [
    call("mcp_double_echo", { text: "free" }),
    call("mcp_double_write", { text: "one" }),
    call("tool_call", { name: "mcp_double_invoice_79", arguments: { text: "two" } }),
  ];
  const press = async (label: string) => {
    const items = await rig.page.history();
    const asked = items.findLast((item) => Object.keys(item.buttons).length > 0)?.buttons[label];
    assert.equal(await rig.page.press(asked ?? assert.fail(`no ${label}`)), 202);
    return (await rig.page.answers(items.filter(({ role }) => role === "agent").length + 1)).at(-1) ?? "";
  };
  const first = await rig.ask("write", (_seen, count) => steps[count] ?? say("done"));
  assert.match(first.answer, /May I make this call\?[^]*mcp_double_write \{"text":"one"\}[^]*MCP server/);
  assert.deepEqual(server.writes, []);
  assert.match(await press("Once"), /mcp_double_invoice_79 \{"text":"two"\}/);
  assert.equal(await press("Deny"), "done");
  assert.deepEqual(rig.model.seen.slice(1, 3).map(lastOf), ["free", "written"]);
  assert.match(lastOf(rig.model.seen[3]), /Not run: .* said no/);
  assert.deepEqual(server.writes, ["one"]);
});

test("the doctor has a line for each server, and shows no key", async () => {
  await using server = await mcpServer();
  await using home = await freshHome();
  const servers = `double: {url: "${server.url}?key=k-1234567"}, gone: {url: "http://127.0.0.1:1024/"}, off: {command: x, enabled: false}`;
  await writeFile(
    join(home.path, "config.yaml"),
    `terminal: {backend: virtual}\nmcp_servers: {${servers}, prog: {command: python3}}\n`,
  );
  const { stdout } = await typed(home.path, ["doctor", "--quick"], { HERMES_MODEL_PROBE: "" });
  const said = stdout.replaceAll(/\s+/g, " ");
  assert.match(said, /ok mcp\.server double: 5 tools, http:\/\/127\.0\.0\.1:\d+\/mcp\./);
  assert.match(
    said,
    /fail mcp\.server gone is away \(http:\/\/127\.0\.0\.1:1024\): nothing listens there\. → Mend mcp_servers\.gone/,
  );
  assert.match(said, /fail mcp\.server prog is away \(a program in its sandbox\): The virtual sandbox has no programs/);
  assert.match(said, /ok mcp\.server off is switched off/);
  assert.doesNotMatch(said, /k-1234567/);
});
