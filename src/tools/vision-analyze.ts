import { z } from "zod";
import type { ModelImage } from "../core/model.ts";
import { tool } from "../core/tool.ts";

/** What servers of models take at most. */
const longestBytes = 10 * 1024 * 1024;

const parameters = z.strictObject({
  image_url: z.string().describe("Path or URL."),
  question: z.string(),
});

export const visionAnalyze = tool({
  name: "vision_analyze",
  description: "Ask about a picture.",
  kind: "read",
  toolset: "vision",
  needs: "vision",
  parameters,
  preview: ({ image_url: place }) => `look at ${place}`,
  async run({ image_url: place, question }, { sandbox, pictures }) {
    const isWeb = /^https?:\/\//i.test(place);
    if (!isWeb && /^[a-z][\w+.-]*:/i.test(place))
      throw new Error(`${place.slice(0, 80)} is neither a path in the workspace nor a web address.`);
    const data = isWeb ? await pictures.fetch(place, longestBytes) : await (await sandbox()).readFile(place, longestBytes);
    const mediaType = typeOf(data);
    if (mediaType === null)
      throw new Error(
        `${place} is no picture that models take: it must be PNG, JPEG, GIF or WebP. Convert it first, or read it with another tool.`,
      );
    return await pictures.ask({ mediaType, data: Buffer.from(data).toString("base64") }, question);
  },
});

/** By its first bytes; names and headers may say anything. */
function typeOf(data: Uint8Array): ModelImage["mediaType"] | null {
  const head = Buffer.from(data.subarray(0, 12)).toString("latin1");
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (head.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (/^GIF8[79]a/.test(head)) return "image/gif";
  return /^RIFF[^]{4}WEBP/.test(head) ? "image/webp" : null;
}
