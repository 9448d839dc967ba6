export function drawMarkdown(markdown: string, looks: { readonly width: number; readonly plain: boolean }): string {
  return looks.plain ? markdown : markdown;
}
