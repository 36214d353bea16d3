import { type Channel, type ChannelInput, type Notice, type Send, step } from "./protocol.js";
import type { ChannelRecord } from "./record.js";
import type { Rules } from "./signing-rules.js";
import type { KnownState } from "./state.js";

/** Runs one channel: takes inputs in turn, writes down what they make of it, and only then lets anything out. */
export interface Worker {
  /** As it is on disk. */
  readonly channel: Channel;
  /** @returns false when too much waits; what the others sent comes again. */
  push(input: ChannelInput): boolean;
  /** Resolves once all inputs were taken. */
  idle(): Promise<void>;
}

export interface WorkerOptions {
  rules: Rules;
  /**
   * On disk when it resolves.
   * @param supported States that everybody signed since the last write, also those that others followed.
   */
  write: (record: ChannelRecord, supported: readonly KnownState[]) => Promise<void>;
  send: (sends: readonly Send[]) => void;
  notify: (notice: Notice) => void;
  /** Something behind the last write changed. */
  onChange: () => void;
  /** A write failed: nothing may be signed any more. Or an input could not be taken, which changes nothing. */
  onFault: (error: unknown, isFatal: boolean) => void;
}

const MAX_WAITING = 128;
/** Inputs that share a write. */
const MAX_BATCH = 64;

export function createWorker(first: Channel, options: WorkerOptions): Worker {
  const { rules, write, send, notify, onChange, onFault } = options;
  let channel = first;
  let isDead = false;
  const inputs: ChannelInput[] = [];
  let working: Promise<void> | undefined;

  async function work(): Promise<void> {
    while (inputs.length > 0 && !isDead) await takeSome();
    // At once with the end of the loop: what is pushed from here on starts the next one.
    working = undefined;
  }

  async function takeSome(): Promise<void> {
    let next = channel;
    const sends: Send[] = [];
    const notices: Notice[] = [];
    for (const input of inputs.splice(0, MAX_BATCH)) {
      try {
        const made = step(next, input, rules);
        next = made.channel;
        sends.push(...made.sends);
        notices.push(...made.notices);
      } catch (error) {
        onFault(error, false);
      }
    }
    if (next.record !== channel.record) {
      try {
        await write(
          next.record,
          notices.flatMap((notice) => (notice.kind === "supported" ? [notice.signed] : [])),
        );
      } catch (error) {
        isDead = true;
        onFault(error, true);
        return;
      }
    }
    channel = next;
    if (sends.length > 0) send(sends);
    for (const notice of notices) notify(notice);
    onChange();
  }

  return {
    get channel() {
      return channel;
    },
    push(input) {
      if (isDead || (input.kind === "parts" && inputs.length >= MAX_WAITING)) return false;
      inputs.push(input);
      working ??= Promise.resolve().then(work);
      return true;
    },
    async idle() {
      while (working !== undefined) await working;
    },
  };
}
