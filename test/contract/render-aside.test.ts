import assert from "node:assert/strict";
import { test } from "node:test";
import { createAside, type Form } from "../../adapters/render/aside.ts";
import { renderDiscord } from "../../adapters/render/discord.ts";
import { renderSlack } from "../../adapters/render/slack.ts";
import { renderTelegram } from "../../adapters/render/telegram.ts";
import { silent } from "./database-forms.ts";

const long = Array.from({ length: 170 }, (_, index) => `${index}. a **bold** word, a [link](https://example.org/${index})`).join(
  "\n",
);
const renderers: Readonly<Record<Form, (markdown: string) => readonly unknown[]>> = {
  telegram: renderTelegram,
  discord: renderDiscord,
  slack: renderSlack,
};

for (const [form, render] of Object.entries(renderers)) {
  test(`${form}: a long answer is rendered in a thread, and comes out as it would here`, async () => {
    let here = 0;
    const aside = createAside(form as Form, (markdown) => ((here += 1), render(markdown)), silent);
    const chunks = await aside.chunks(long);
    assert.equal(here, 0, "the event loop has not rendered it");
    assert.deepEqual(chunks, render(long));
    assert.deepEqual([await aside.chunks("a *word*"), here], [render("a *word*"), 1]);
    // What is still being rendered when all ends is shown as it was written.
    const last = aside.chunks(long);
    await aside.stop();
    assert.match(JSON.stringify(await last), /a \*\*bold\*\* word/);
  });
}
