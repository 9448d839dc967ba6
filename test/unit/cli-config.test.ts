import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { set } from "../../src/cli/config/change.ts";
import type { Context } from "../../src/cli/context.ts";
import { keyOf, keyPaths } from "../../src/config/keys.ts";
import { loadConfig } from "../../src/config/load.ts";
import { serveControl } from "../../src/gateway/control-socket.ts";
import { config, temporaryHome, written } from "./cli-config-rig.ts";

test("the roll-back and the change of the helper's model say when they count, and what is missing still", async (t) => {
  const home = await temporaryHome(t);
  const back = await config(home, ["set", "terminal.backend", "local"]);
  assert.match(back.out, /terminal\.backend set in .*config\.yaml\. It counts from the next message on\./);
  const provider = await config(home, ["set", "auxiliary.compression.provider", "deepseek"]);
  assert.match(provider.out, /the next time a conversation is shortened/);
  assert.match(provider.err, /`hermes config set DEEPSEEK_API_KEY`/);
  const key = await config(home, ["set", "DEEPSEEK_API_KEY", "sk-0123456789abcdef"]);
  assert.match(key.out, /DEEPSEEK_API_KEY set in .*\.env/);
  assert.match((await config(home, ["check"])).out, /no model of it is named.*auxiliary\.compression\.model NAME/);
  assert.equal((await config(home, ["set", "auxiliary.compression.model", "deepseek-v3-flash"])).err, "");
  assert.match((await config(home, ["check"])).out, /is in order/);
  assert.deepEqual((await loadConfig({ home, env: {} })).config.auxiliary.compression.model, "deepseek-v3-flash");
});

test("another spelling is taken, and named; so is another word for a value; a slip is asked after", async (t) => {
  const home = await temporaryHome(t);
  assert.match(
    (await config(home, ["set", "agent.max_iterations", "50"])).err,
    /agent\.max_iterations is agent\.max_turns here\./,
  );
  assert.match((await config(home, ["get", "agent.max_iterations"])).out, /^50\n$/);
  assert.match((await config(home, ["set", "model.api_mode", "codex_responses"])).err, /codex_responses is responses here\./);
  assert.match((await config(home, ["set", "TERMINAL_ENV", "virtual"])).err, /TERMINAL_ENV is terminal\.backend here\./);
  assert.match((await config(home, ["set", "terminal.backend", "dokcer"])).err, /one of auto, docker, .*Did you mean docker\?/);
  assert.match((await config(home, ["set", "agent.max_turns", ""])).err, /`hermes config unset agent\.max_turns` goes back/);
  assert.match((await config(home, ["set", "OPENAI_API_KEY", "a'b\"c`d"])).err, /mixes all kinds of quotes\.\n.*with an editor/);
  assert.match((await config(home, ["set", "compression", "0.8"])).err, /is a section.*\n.*hermes config show compression/);
  assert.match((await config(home, ["set", "compression.summary_model", "x"])).err, /Here it is auxiliary\.compression\.model\./);
  await writeFile(join(home, "config.yaml"), "model: qwen\nagent:\n  max_iterations: 50\n");
  const check = await config(home, ["check"]);
  assert.match(check.out, /^note {5}model in config\.yaml line 1 is read as model\.default\.$/m);
  assert.match(check.out, /^note {5}agent\.max_iterations in config\.yaml line 3 is read as agent\.max_turns\.$/m);
  assert.equal(check.status, 0);
});

test("a value inside a key that holds several is set and removed by its place, if the whole still makes sense", async (t) => {
  const home = await temporaryHome(t);
  await writeFile(
    join(home, "config.yaml"),
    "mcp_servers:\n  files: {command: npx} # mine\nproviders:\n  spare: {base_url: http://h/v1}\n",
  );
  await config(home, ["set", "mcp_servers.files.enabled", "false"]);
  await config(home, ["set", "mcp_servers.files.args", "[-y, server]"]);
  await config(home, ["set", "mcp_servers.files.env.TOKEN", "${FILES_TOKEN}"]);
  assert.match((await config(home, ["set", "FILES_TOKEN", "s3cret"])).out, /\.env/);
  await config(home, ["set", "platform_toolsets.telegram", "web,file"]);
  const { config: now, findings } = await loadConfig({ home, env: {} });
  assert.deepEqual(findings, []);
  assert.deepEqual(now.mcpServers[0]?.args, ["-y", "server"]);
  assert.deepEqual([now.mcpServers[0]?.enabled, now.mcpServers[0]?.env], [false, { TOKEN: "s3cret" }]);
  assert.deepEqual(now.platformToolsets, [{ name: "telegram", toolsets: ["web", "file"] }]);
  const before = await written(home);
  assert.match(before, /# mine/);
  for (const [key, value, says] of [
    ["mcp_servers.files.timeout", "soon", /Expected a whole number/],
    ["mcp_servers.files.comand", "x", /Did you mean command\?/],
    ["mcp_servers.files.env.API_KEY", "sk-0123456789abcdef", /Write '\$\{NAME\}' here/],
    ["platform_toolsets.telegram", "wbe", /wbe/],
    ["mcp_servers", "x", /holds several entries.*\n.*mcp_servers\.NAME\.FIELD/],
  ] as const) {
    const refused = await config(home, ["set", key, value]);
    assert.deepEqual([refused.status, says.test(refused.err)], [78, true], refused.err);
  }
  assert.equal(await written(home), before);
  await config(home, ["set", "mcp_servers.files.env.GUILD", "123456789012345678"]);
  await config(home, ["set", "mcp_servers.files.args", "[1.10, 2, x]"]);
  assert.match(await written(home), /args: \[ "1\.10", 2, x \][^]*GUILD: "123456789012345678"/);
  await config(home, ["set", "mcp_servers.files.args", "[-y, server]"]);
  await config(home, ["unset", "platform_toolsets.telegram"]);
  await config(home, ["unset", "mcp_servers.files.env"]);
  await config(home, ["unset", "providers.spare"]);
  assert.equal(await written(home), "mcp_servers:\n  files: { command: npx, enabled: false, args: [ -y, server ] } # mine\n");
});

test("every other spelling of every key is read", async (t) => {
  const home = await temporaryHome(t);
  for (const path of keyPaths)
    for (const alias of keyOf(path).aliases ?? []) {
      const value = alias.endsWith("backend") ? "searxng" : keyOf(path).kind.expected.startsWith("true") ? "false" : "77";
      const yaml = alias
        .split(".")
        .map((name, depth) => `${"  ".repeat(depth)}${name}:`)
        .join("\n");
      const { findings, origins } = await loadConfig({ home, env: {}, yaml: `${yaml} ${value}\n` });
      assert.deepEqual([origins[path], findings.filter(({ severity }) => severity === "error")], ["config.yaml", []], alias);
    }
});

test("secrets are masked, for people and programs, unless asked for", async (t) => {
  const home = await temporaryHome(t);
  const secrets = {
    OPENAI_API_KEY: "sk-0123456789abcdef",
    DEEPSEEK_API_KEY: "sk-fedcba9876543210",
    REDIS_URL: "redis://:hunter2@h",
  };
  for (const [name, value] of Object.entries(secrets)) await config(home, ["set", name, value]);
  await config(home, ["set", "model.base_url", "http://u:hunter3@h/v1"]);
  const all = [
    ...(await Promise.all(
      [["show"], ["show", "--json"], ["check", "--json"], ["get", "model"], ["get", "model", "--json"]].map((args) =>
        config(home, args),
      ),
    )),
    ...(await Promise.all(
      Object.keys(secrets).flatMap((name) => [config(home, ["get", name]), config(home, ["get", name, "--json"])]),
    )),
  ].map(({ out, err }) => out + err);
  for (const said of all) assert.doesNotMatch(said, /0123456789abcdef|fedcba9876543210|hunter/);
  for (const [name, value] of Object.entries(secrets))
    assert.equal((await config(home, ["get", name, "--reveal"])).out, `${value}\n`);
  await config(home, ["set", "providers.spare.base_url", "http://h/v1"]);
  await config(home, ["set", "providers.spare.api_key", "hunter4"]);
  assert.equal((await config(home, ["get", "providers.spare.api_key"])).out, "(set, not shown)\n");
  assert.equal((await config(home, ["get", "providers.spare.api_key", "--reveal"])).out, "hunter4\n");
  const json: unknown = JSON.parse((await config(home, ["get", "OPENAI_API_KEY", "--json"])).out);
  assert.deepEqual(json, { key: "model.api_key", value: null, set: true, secret: true, origin: ".env", counts: "message" });
  const typed: unknown = JSON.parse((await config(home, ["show", "compression", "--json"])).out);
  assert.ok(Array.isArray(typed));
  assert.deepEqual(typed[1], {
    key: "compression.threshold",
    value: 0.8,
    set: true,
    secret: false,
    origin: "default",
    counts: "compression",
  });
  assert.equal((await stat(join(home, ".env"))).mode & 0o777, 0o600);
});

test("a value that is left out is asked for, a secret unseen", async (t) => {
  const home = await temporaryHome(t);
  const asked: string[] = [];
  const context: Context = {
    env: {},
    home,
    print: () => {},
    remark: () => {},
    ask: async (question, answer) => (asked.push(`${question}${answer ?? ""}`), "44"),
    exit: () => {},
    product: () => Promise.reject(new Error("not asked for here")),
  };
  await writeFile(join(home, "config.yaml"), "mcp_servers: {files: {command: npx, env: {TOKEN: '${FILES_TOKEN}'}}}\n");
  const names = [
    "TELEGRAM_BOT_TOKEN",
    "DEEPSEEK_API_KEY",
    "FILES_TOKEN",
    "providers.spare.api_key",
    "mcp_servers.files.timeout",
    "agent.max_turns",
  ];
  for (const name of names) await set(context, name, undefined);
  assert.deepEqual(asked, [
    "TELEGRAM_BOT_TOKEN (a token from @BotFather): hidden",
    "DEEPSEEK_API_KEY: hidden",
    "FILES_TOKEN: hidden",
    "providers.spare.api_key: hidden",
    "mcp_servers.files.timeout: ",
    "agent.max_turns (a whole number of steps from 1 to 10000): ",
  ]);
  assert.equal((await loadConfig({ home, env: {} })).config.agent.maxTurns, 44);
  const unasked = async (name: string) => (await config(home, ["set", name])).err.replaceAll(/\s+/g, " ");
  assert.match(
    await unasked("TELEGRAM_BOT_TOKEN"),
    /no terminal to ask.*at a terminal asks for it, unseen; or write it into .*\.env/,
  );
  assert.match(await unasked("agent.max_turns"), /hermes config set agent\.max_turns VALUE/);
  // A server that is named leaves its key open: that is no change.
  await writeFile(join(home, "config.yaml"), "model: {provider: lab}\ncustom_providers: [{name: lab, base_url: http://h/v1}]\n");
  const shown = (await config(home, ["show", "--changed"])).out;
  assert.match(shown, /^model\.base_url +http:\/\/h\/v1/m);
  assert.doesNotMatch(shown, /not set/);
});

test("a running service is named where it must be restarted, and only there", async (t) => {
  const home = await temporaryHome(t);
  const service = await serveControl(home, { handle: async () => ({ ok: true, text: "" }) });
  t.after(() => service.close());
  assert.match(
    (await config(home, ["set", "http.port", "9000"])).err,
    /A service is running \(process \d+\): restart it for this\./,
  );
  assert.equal((await config(home, ["set", "agent.max_turns", "9"])).err, "");
});
