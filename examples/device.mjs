// A device, small enough to read at once: node examples/device.mjs ID TOKEN [URL] < fixes
//
// Each line of the input is one fix in JSON: {"at":"2026-11-23T10:00:00Z","lon":24.94,"lat":60.17}. What was read is kept
// until the server has acknowledged it, so nothing is lost while the server, or the network, is away, and nothing is
// stored twice. It ends with the input, when all is stored. The WebSocket is Node's own, which is a browser's, too;
// before Node 22 it wants: node --experimental-websocket.

import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";

const URL = "ws://127.0.0.1:8000/ws/device";
const KEPT = 86_400; // fixes; more than a day's drop the oldest
const BATCH = 100; // fixes in a frame; what the server takes may be less
const LONGEST_WAIT = 30_000; // ms
const PATIENCE = 30_000; // ms without an answer, after which a connection is taken for dead

class Device {
  boot = randomBytes(4).toString("hex"); // names this life of the counter below; after a restart it is another
  seq = 0;
  live = []; // fixes not yet sent, measured during this connection
  backlog = []; // those from before it
  frames = new Map(); // what was sent and is not answered, by its seq; never more than the window
  again = []; // the seqs of those that an earlier connection had sent, and this one has not
  welcome = null; // what the server said; null: not connected
  ended = false; // no more fixes will come

  constructor(id, token, url) {
    Object.assign(this, { id, token, url });
  }

  put(fix) {
    this.live.push(fix);
    if (this.live.length + this.backlog.length > KEPT) (this.backlog.length ? this.backlog : this.live).shift();
    this.send();
  }

  /** Until all is stored, or the server says that it does not want this device back. */
  async run() {
    let failures = 0;
    while (!this.isDone()) {
      this.heard = false;
      const { code, reason, after } = await this.converse();
      if (this.isDone()) return;
      console.error(`closed: ${code} ${reason}`);
      if (code >= 4500 && code <= 4999) throw new Error(`the server refuses ${this.id}: ${code} ${reason}`);
      failures = this.heard ? 0 : failures + 1;
      const wait = after + (0.5 + Math.random() / 2) * Math.min(LONGEST_WAIT, 1000 * 2 ** failures);
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  isDone() {
    return this.ended && this.live.length + this.backlog.length + this.frames.size === 0;
  }

  /** One connection, to its end: how it ended, and how long the server asks to wait at least (ms). */
  converse() {
    return new Promise((resolve) => {
      let after = 0;
      const ws = (this.ws = new WebSocket(this.url));
      const end = (code, reason) => {
        clearInterval(watch);
        ws.onmessage = this.welcome = null;
        resolve({ code, reason, after });
      };
      // The token goes in the first message: a browser's WebSocket can set no header.
      ws.onopen = () => this.say({ type: "hello", device: this.id, token: this.token, boot: this.boot, version: 1 });
      ws.onmessage = ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === "going_away") after = message.after_ms;
        this.hear(message);
      };
      ws.onclose = ({ code, reason }) => end(code, reason);
      ws.onerror = () => end(1006, "no connection"); // not every version of Node closes after it
      this.quiet = Date.now();
      const watch = setInterval(() => {
        if (this.welcome && this.frames.size === 0) this.quiet = Date.now(); // no answer is awaited
        if (Date.now() - this.quiet < PATIENCE) return;
        ws.close();
        end(1006, "nothing was answered"); // a line that is dead says nothing of it
      }, 1000);
    });
  }

  hear(message) {
    this.quiet = Date.now();
    if (message.type === "welcome") {
      this.resume(message);
    } else if (message.type === "command") {
      // answered even if not obeyed, else it comes again
      this.say({ type: "result", id: message.id, ok: false, detail: "this device obeys nothing" });
    } else if (message.type === "error") {
      console.error(`error: ${message.code} ${message.message}`);
    }
    if (this.frames.delete(message.seq)) this.heard = true; // an ack: it is stored. An error: it never will be
    this.send();
  }

  /** What the server has already is dropped; all else goes again, for nobody knows what became of it. */
  resume(welcome) {
    this.welcome = welcome;
    for (const seq of this.frames.keys()) if (seq <= welcome.acked) this.frames.delete(seq);
    this.again = [...this.frames.keys()];
    this.backlog.push(...this.live.splice(0));
  }

  /** Never more than the window unanswered: first what goes again, then what is new, then what is old. */
  send() {
    if (!this.welcome) return;
    while (this.again.length || (this.frames.size < this.welcome.window && this.live.length + this.backlog.length)) {
      const seq = this.again.length ? this.again.shift() : this.makeFrame();
      this.ws.send(this.frames.get(seq));
    }
    if (this.isDone()) this.ws.close(1000);
  }

  /** Of the oldest fixes of one lane, as many as the server takes in one frame. Returns its seq. */
  makeFrame() {
    const [fixes, lane] = this.live.length ? [this.live, "live"] : [this.backlog, "backlog"];
    let bytes = 100; // of what stands around them
    let count = 0;
    while (count < Math.min(fixes.length, BATCH, this.welcome.max_fixes)) {
      bytes += Buffer.byteLength(fixes[count]) + 1;
      if (count > 0 && bytes > this.welcome.max_bytes) break;
      count += 1;
    }
    const head = `{"type":"fixes","seq":${++this.seq}` + (lane === "backlog" ? `,"lane":"backlog"` : "");
    this.frames.set(this.seq, `${head},"fixes":[${fixes.splice(0, count).join(",")}]}`);
    return this.seq;
  }

  say(message) {
    this.ws.send(JSON.stringify(message));
  }
}

const [id, token, url = URL] = process.argv.slice(2);
if (!token) throw new Error("node examples/device.mjs ID TOKEN [URL] < fixes");
const device = new Device(id, token, url);
createInterface({ input: process.stdin })
  .on("line", (line) => line.trim() && device.put(line.trim()))
  .on("close", () => ((device.ended = true), device.send()));
device.run().then(
  () => process.exit(0),
  (error) => (console.error(error.message), process.exit(1)),
);
