/** Whoever a verified token speaks for. Services add what their tokens grant. */
export interface Actor {
  readonly userId: string;
}
