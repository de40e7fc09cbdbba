/**
 * The two lines to the server: the event stream (SSE over fetch) and the control socket.
 *
 * The stream is read with fetch rather than EventSource, because the page must know why a
 * connection ended (410, 416, 404 mean different things), must count down to the next attempt, and
 * must be able to hang up at the first sign of a gap. Losing the line never cancels anything.
 */

const FIRST_RETRY_MS = 500;
const SLOWEST_RETRY_MS = 15_000;
const SILENCE_MS = 35_000;
const STALE_NOTICE_MS = 2_000;
const PING_EVERY_MS = 20_000;
const PONG_WITHIN_MS = 9_000;
const FATAL = new Set([401, 403, 404]);

/** Cut a byte stream into SSE messages; a message that is cut off is dropped, never guessed. */
export class SseParser {
  constructor(onMessage) {
    this.onMessage = onMessage;
    this.decoder = new TextDecoder();
    this.rest = "";
  }

  /** Take the next bytes; calls `onMessage({id, event, data})` for each whole message. */
  push(bytes) {
    this.rest += this.decoder.decode(bytes, { stream: true });
    const blocks = this.rest.split(/\r\n\r\n|\n\n|\r\r/);
    this.rest = blocks.pop();
    for (const block of blocks) this.#read(block);
  }

  #read(block) {
    const message = { id: null, event: "message", data: "" };
    const data = [];
    for (const line of block.split(/\r\n|\n|\r/)) {
      const colon = line.indexOf(":");
      if (colon === 0 || line === "") continue;
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "data") data.push(value);
      else if (field === "id") message.id = value;
      else if (field === "event") message.event = value;
    }
    if (data.length === 0) return;
    message.data = data.join("\n");
    this.onMessage(message);
  }
}

/** Return the pause before attempt `n` (1, 2, ...), in milliseconds, without the jitter. */
export function retryDelay(attempt) {
  return Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1));
}

/**
 * Follow a room's events for as long as the page lives.
 *
 * handlers: `message({id, event, data})`, `state({name, retryAt, attempt, since})` with name one of
 * connecting, live, waiting, offline, lost, ended; `position()` -> {epoch, offset}; `reset()` when
 * the log we were reading is gone and the page must start over.
 */
export class EventStream {
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.attempt = 0;
    this.downSince = null;
    this.abort = null;
    this.timer = null;
    this.watchdog = null;
    this.stopped = false;
    this.generation = 0;
    globalThis.addEventListener("online", () => this.reconnectNow());
    globalThis.addEventListener("offline", () => this.#offline());
  }

  /** Open the line; safe to call once. */
  start() {
    this.#connect();
  }

  /** Hang up and dial again at once: after a gap, on a stale notice, or because a person asked. */
  reconnectNow() {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.#hangUp();
    this.#connect();
  }

  /** Hang up for good. */
  stop(name = "ended") {
    this.stopped = true;
    clearTimeout(this.timer);
    this.#hangUp();
    this.#say(name);
  }

  #say(name, more = {}) {
    this.handlers.state({ name, attempt: this.attempt, since: this.downSince, ...more });
  }

  #hangUp() {
    this.generation += 1;
    clearTimeout(this.watchdog);
    this.abort?.abort();
    this.abort = null;
  }

  #offline() {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.#hangUp();
    this.downSince ??= Date.now();
    this.#say("offline");
  }

  async #connect() {
    const generation = ++this.generation;
    const isCurrent = () => generation === this.generation && !this.stopped;
    this.abort = new AbortController();
    this.#say("connecting");
    try {
      const { epoch, offset } = this.handlers.position();
      const url = new URL(this.url, globalThis.location.href);
      url.searchParams.set("fromOffset", String(offset));
      const headers = { Accept: "text/event-stream" };
      if (offset > 0) headers["Last-Event-ID"] = `${epoch}.${offset}`;
      this.#guard(generation);
      const response = await fetch(url, {
        headers,
        credentials: "same-origin",
        cache: "no-store",
        signal: this.abort.signal,
      });
      if (!isCurrent()) return;
      if (!this.#accept(response)) return;
      await this.#read(response, generation, isCurrent);
    } catch {
      // a refused connection, a cut line and our own abort all end here
    }
    if (isCurrent()) this.#retry();
  }

  #accept(response) {
    if (response.ok) {
      this.attempt = 0;
      this.downSince = null;
      this.#say("live");
      return true;
    }
    if (response.status === 410 || response.status === 416) {
      this.handlers.reset();
      this.#retry();
      return false;
    }
    if (FATAL.has(response.status)) {
      this.stop("lost");
      return false;
    }
    this.#retry(Number(response.headers.get("Retry-After")) * 1000 || 0);
    return false;
  }

  async #read(response, generation, isCurrent) {
    const parser = new SseParser((message) => {
      if (!isCurrent()) return;
      if (message.event === "end") this.stop("ended");
      else this.handlers.message(message);
    });
    const reader = response.body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done || !isCurrent()) return;
      this.#guard(generation);
      parser.push(value);
    }
  }

  #guard(generation) {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => {
      if (generation === this.generation) this.reconnectNow();
    }, SILENCE_MS);
  }

  #retry(atLeastMs = 0) {
    this.#hangUp();
    if (this.stopped) return;
    this.attempt += 1;
    this.downSince ??= Date.now();
    if (globalThis.navigator.onLine === false) {
      this.#say("offline");
      return;
    }
    const delay = Math.max(atLeastMs, retryDelay(this.attempt) * (0.8 + Math.random() * 0.4));
    this.#say("waiting", { retryAt: Date.now() + delay });
    this.timer = setTimeout(() => this.#connect(), delay);
  }
}

/** The control socket: cancel, settings, latency. Everything it does also has a REST road. */
export class Control {
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.socket = null;
    this.refs = new Map();
    this.count = 0;
    this.attempt = 0;
    this.stopped = false;
  }

  /** Open the socket, and keep reopening it until `stop`. */
  start() {
    const url = new URL(this.url, globalThis.location.href);
    url.protocol = globalThis.location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.attempt = 0;
      this.#ping();
    });
    socket.addEventListener("message", (message) => this.#receive(message.data));
    socket.addEventListener("close", (closing) => {
      clearTimeout(this.pingTimer);
      clearTimeout(this.pongTimer);
      for (const { reject } of this.refs.values()) reject(new Error("closed"));
      this.refs.clear();
      const isRefused = closing.code === 4400 || closing.code === 4403;
      if (this.stopped || isRefused || socket !== this.socket) return;
      this.attempt += 1;
      this.timer = setTimeout(() => this.start(), retryDelay(this.attempt + 1));
    });
  }

  /** Close for good. */
  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.pingTimer);
    this.socket?.close();
  }

  /** Say whether a frame can be sent now. */
  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Send a frame; resolves with its ack, rejects with its error frame or a closed line. */
  ask(frame) {
    if (!this.isOpen) return Promise.reject(new Error("closed"));
    const ref = `c${++this.count}`;
    return new Promise((resolve, reject) => {
      this.refs.set(ref, { resolve, reject });
      this.socket.send(JSON.stringify({ ...frame, ref }));
    });
  }

  async #ping() {
    const started = performance.now();
    this.pongTimer = setTimeout(() => this.socket?.close(), PONG_WITHIN_MS);
    try {
      await this.ask({ type: "ping", t: Math.round(started) });
      this.handlers.latency(Math.max(1, Math.round(performance.now() - started)));
      this.pingTimer = setTimeout(() => this.#ping(), PING_EVERY_MS);
    } catch {
      // the close handler redials
    } finally {
      clearTimeout(this.pongTimer);
    }
  }

  #receive(text) {
    let frame;
    try {
      frame = JSON.parse(text);
    } catch {
      return;
    }
    if (frame.type === "event") this.handlers.notice(frame.offset);
    const waiting = this.refs.get(frame.ref);
    if (!waiting) return;
    this.refs.delete(frame.ref);
    if (frame.type === "error") waiting.reject(Object.assign(new Error(frame.message), frame));
    else waiting.resolve(frame);
  }
}

/** Watch notices of new offsets; calls `stale` when the stream has not caught up in time. */
export function staleWatch(offset, stale) {
  let timer = null;
  return (announced) => {
    clearTimeout(timer);
    if (announced <= offset()) return;
    timer = setTimeout(() => {
      if (announced > offset()) stale();
    }, STALE_NOTICE_MS);
  };
}
