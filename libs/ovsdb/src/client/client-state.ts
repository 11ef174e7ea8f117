/** Where a client stands; the picture is in the README. */
export type ClientState =
  | { readonly status: 'connecting' | 'checking' | 'synchronising' | 'ready'; readonly endpoint: string }
  /** Between two attempts. `reason`: why the last one ended. */
  | { readonly status: 'waiting'; readonly reason: Error; readonly waitMs: number }
  | { readonly status: 'closed' };
