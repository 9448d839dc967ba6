export async function talk(): Promise<number> {
  return 0;
}
