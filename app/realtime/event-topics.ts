/** What a pattern of events begins with, as far as the action: `campaign:update`, `campaign:*` or `*`. */
export function selectTopic(pattern: string): string {
  return pattern.split(':', 2).join(':');
}

/** Whether one of these topics has events of an action. */
export function coversAction(
  topics: { readonly size: number; has(topic: string): boolean },
  service: string,
  action: string,
): boolean {
  if (topics.size === 0) return false;
  return topics.has('*') || topics.has(`${service}:*`) || topics.has(`${service}:${action}`);
}
