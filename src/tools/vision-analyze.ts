import { z } from "zod";
import { pictureType } from "../core/media-types.ts";
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
    const mediaType = pictureType(data);
    if (mediaType === null)
      throw new Error(
        `${place} is no picture that models take: it must be PNG, JPEG, GIF or WebP. Convert it first, or read it with another tool.`,
      );
    return await pictures.ask({ mediaType, data: Buffer.from(data).toString("base64") }, question);
  },
});
