import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { call, modelServerWith, say, type Seen } from "../doubles/model-server.ts";
import { debianImage, dockerHost } from "../services/docker.ts";
import { openPage } from "./page-client.ts";
import { hostHermes } from "./hosted.ts";
import { freshHome } from "./service.ts";

/** The last message asks for `run: COMMAND`; the answer is what the command printed. */
function commander(seen: Seen) {
  const last = seen.body.messages.at(-1);
  if (last?.role === "tool") return say(String(last.content));
  return call("terminal", { command: /run: (.*)/.exec(String(last?.content))?.[1] ?? "true" });
}

test("with an engine, commands run in a container: no host, no root, no network, and the next command after a fork bomb works", async () => {
  await using model = await modelServerWith({ strict: false }, commander);
  await using home = await freshHome();
  await writeFile(join(home.path, "config.yaml"), `terminal:\n  docker_image: ${debianImage}\n  timeout: 20\n`);
  const env = { OPENAI_BASE_URL: model.url, DOCKER_HOST: await dockerHost() };
  await using hermes = await hostHermes({ home: home.path, env });
  const page = await openPage((await hermes.printed(/Open (http:\S+)/))[1] ?? "");
  const ask = async (command: string, count: number) => {
    await page.send(`run: ${command}`);
    return (await page.answers(count)).at(-1) ?? "";
  };
  assert.match(await ask("id -u; echo made > file; cat file; grep CapEff /proc/self/status", 1), /1000\s+made\s+CapEff:\s+0{16}/);
  assert.match(await ask("ls /sys/class/net; touch /etc/x", 2), /^lo\s[^]*Read-only/);
  const bomb = await ask(":(){ :|:& };:", 3);
  assert.ok(bomb.length < 25_000);
  assert.match(await ask("cat /workspace/file", 4), /made/);
});
