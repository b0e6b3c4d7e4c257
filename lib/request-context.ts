import { type ServerResponse } from 'node:http';
import { performance } from 'node:perf_hooks';
import { TimeoutError } from './errors.ts';

/** What belongs to one request and to no layer in particular: when it began, when it must be over, whether it still matters. */
export interface RequestContext {
  /** When the request began, on the clock of `performance.now()`, in milliseconds. */
  readonly startedAtMs: number;
  /** When it must be over, on the same clock. */
  readonly deadlineMs: number;
  /** Aborted at the deadline, and when the client goes away. Made when first read. */
  readonly signal: AbortSignal;
  /**
   * Waits for the work of the request, at most until the deadline: then it rejects with `TimeoutError`, and what the
   * work still does or throws is nobody's business any more.
   */
  race<T>(work: Promise<T>): Promise<T>;
}

/** The context of an HTTP request, by its response; `timeoutMs` counts from now. */
export class HttpRequestContext implements RequestContext {
  readonly startedAtMs = performance.now();
  readonly #response: ServerResponse;
  readonly #timeoutMs: number;
  #controller: AbortController | null = null;
  #timeout: TimeoutError | null = null;

  constructor(response: ServerResponse, timeoutMs: number) {
    this.#response = response;
    this.#timeoutMs = timeoutMs;
  }

  get deadlineMs(): number {
    return this.startedAtMs + this.#timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      if (this.#timeout !== null) controller.abort(this.#timeout);
      else if (this.#response.destroyed) controller.abort(clientIsGone());
      else
        this.#response.once('close', () => {
          if (!this.#response.writableFinished) controller.abort(clientIsGone());
        });
    }
    return this.#controller.signal;
  }

  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#timeout = new TimeoutError();
        reject(this.#timeout);
        this.#controller?.abort(this.#timeout);
      }, this.#timeoutMs);
      work.then(
        value => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: Error) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}

function clientIsGone(): Error {
  return new Error('The client closed the connection.');
}
