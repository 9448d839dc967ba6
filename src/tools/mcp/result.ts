import type { CallToolResult } from "@modelcontextprotocol/client";

/** What the model reads of a result. Throws it where the server says that the call failed. */
export function resultText(server: string, result: CallToolResult): string {
  const parts = result.content.map(partText).filter((part) => part !== "");
  const structured = result.structuredContent;
  const text = parts.length > 0 || structured === undefined ? parts.join("\n") : JSON.stringify(structured);
  if (result.isError === true) throw new Error(text === "" ? `${server} says that the call failed, and not why.` : text);
  return text === "" ? "Done; nothing came back." : text;
}

function partText(part: CallToolResult["content"][number]): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "image":
    case "audio":
      return `[${part.type}, ${part.mimeType}, ${size(part.data)}: it can't be shown here]`;
    case "resource_link":
      return `[${part.name}: ${part.uri}]`;
    case "resource": {
      const { resource } = part;
      if ("text" in resource) return resource.text;
      return `[${resource.uri}, ${resource.mimeType ?? "binary"}, ${size(resource.blob)}: it can't be shown here]`;
    }
  }
}

function size(base64: string): string {
  return `${Math.ceil((base64.length * 3) / 4 / 1024)} KB`;
}
