import { toHex } from "../../../plugin/ledger/bytes.js";
import type { InboxMessage } from "../../../plugin/types.js";
import { floorAmount, floorFee } from "../../../plugin/validity/amounts.js";
import type { FurtherOperation } from "../../../plugin/validity/batch.js";
import { fromAddress, toAddress } from "../../../plugin/validity/leaf.js";
import { keyChangeData } from "../../../plugin/validity/operations.js";
import { FIELD_ORDER } from "../../../plugin/validity/poseidon.js";
import type { SignedTransfer } from "../../../plugin/validity/transfer.js";
import type { Random } from "../../ledger/random.js";
import type { Chain, SegmentPlan } from "./chain.js";
import { modelLeaf } from "./model.js";
import { addressOf, createOwner, numberOf } from "./owner.js";

const ETHER = 10n ** 18n;
const WHOLE = 2n ** 256n - 1n;

/** Makes random segments: mostly sensible ones, with everything that does nothing or is refused strewn in. */
export interface Scenario {
  /** What comes next, before it is known what the other segments of its batch do. */
  next(chain: Chain): SegmentPlan;
}

export function createScenario(random: Random): Scenario {
  const owners = [1, 2, 3, 4].map((n) => createOwner(n));
  const tokens = [0n, numberOf(0x70), numberOf(0x71)];
  const strangers = [addressOf(0xe1), addressOf(0xe2)];
  const users = [...owners.map(({ address }) => address), ...strangers];
  const list = <T>(below: number, make: () => T): T[] => Array.from({ length: random.int(below) }, make);

  /** Often affordable, sometimes just too much. */
  function amountNear(balance: bigint): bigint {
    const choice = random.int(8);
    if (choice === 0) return balance;
    if (choice === 1) return balance + 1n;
    if (choice === 2) return random.bits(191);
    return 1n + (random.bits(190) % (balance / 3n + 1n));
  }

  function message(chain: Chain): InboxMessage {
    const sender = random.pick(users);
    const token = toAddress(random.pick(tokens));
    const balance = modelLeaf(chain.model, fromAddress(sender), fromAddress(token))?.balance ?? 0n;
    switch (random.int(8)) {
      case 0:
        return chain.message(2, { sender, target: random.pick(users), token, amount: WHOLE });
      case 1:
        return chain.message(2, { sender, target: random.pick(users), token, amount: amountNear(balance) });
      case 2:
        return chain.message(1, { sender, data: toHex(keyMessage()) });
      default: {
        const amount = random.chance(0.9) ? ETHER + random.bits(60) : 1n + random.bits(191);
        return chain.message(0, { sender, target: random.pick(users), token, amount });
      }
    }
  }

  function keyMessage(): Uint8Array {
    const good = keyChangeData(random.pick(tokens), random.pick(owners).publicKey);
    switch (random.int(6)) {
      case 0:
        return good.subarray(1);
      case 1:
        return keyChangeData(0n, { x: 0n, y: 0n });
      case 2:
        return keyChangeData(0n, { x: FIELD_ORDER, y: 1n });
      case 3:
        return Uint8Array.of(2, ...good.subarray(1));
      default:
        return good;
    }
  }

  function operation(chain: Chain): FurtherOperation {
    const without = chain.model.leaves.filter(({ key }) => key[0] === 0n);
    const pick = random.pick(without.length === 0 ? chain.model.leaves : without);
    const owner = owners.find(({ id }) => id === pick.owner) ?? random.pick(owners);
    if (random.chance(0.7)) return owner.register(pick.token);
    return { kind: 6, owner: random.chance(0.7) ? owner.id : random.bits(160), token: random.pick(tokens) };
  }

  /** Mostly the next one of somebody who has something and a key. */
  function transfer(chain: Chain, nonces: Map<string, bigint>): SignedTransfer {
    const { leaves } = chain.model;
    const able = leaves.filter(({ owner, key }) => key[0] !== 0n && owners.some(({ id }) => id === owner));
    const pick = able.length > 0 && random.chance(0.9) ? random.pick(able) : random.pick(leaves);
    const { token } = pick;
    const owner = owners.find(({ id }) => id === pick.owner) ?? random.pick(owners);
    const balance = modelLeaf(chain.model, owner.id, token)?.balance ?? 0n;
    const name = `${owner.id}/${token}`;
    const nonce = nonces.get(name) ?? modelLeaf(chain.model, owner.id, token)?.nonce ?? 0n;
    const receivers = leaves.filter((leaf) => leaf.token === token && leaf.owner !== 0n).map((leaf) => leaf.owner);
    nonces.set(name, nonce + 1n);
    return owner.sign({
      token,
      nonce: random.chance(0.05) ? nonce + 1n : nonce,
      recipient: random.chance(0.9) && receivers.length > 0 ? random.pick(receivers) : fromAddress(random.pick(users)),
      isWithdrawal: random.chance(0.25),
      amount: floorAmount(random.chance(0.05) ? 0n : amountNear(balance / 4n)),
      fee: floorFee(random.chance(0.5) ? 0n : random.sized(40)),
    });
  }

  return {
    next(chain) {
      const nonces = new Map<string, bigint>();
      return {
        messages: list(7, () => message(chain)),
        operations: list(5, () => operation(chain)),
        transfers: list(5, () => transfer(chain, nonces)),
        feeLeaf: random.chance(0.3) ? 0 : random.int(chain.model.leaves.length),
      };
    },
  };
}
