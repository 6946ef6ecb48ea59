import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Clock } from "./clock.js";
import { IdSource, idBound, timeOfId } from "./ids.js";

/** Shows one moment after the other, then stays at the last. */
function clockOf(moments: readonly number[]): Clock {
  const waiting = [...moments];
  let now = waiting[0] ?? 0;
  return {
    now: () => {
      now = waiting.shift() ?? now;
      return now;
    },
    setTimer: () => ({ cancel: () => {} }),
  };
}

const latest = 32 ** 10 - 1;
const moment = fc.integer({ min: 0, max: 2 ** 48 });
/** Any clock: one that stands, runs, steps back, or tells fractions. */
const moments = fc.array(
  fc.oneof(moment, fc.constantFrom(1_700_000_000_000, 1_700_000_000_000.7, 1_700_000_000_001.2)),
  {
    minLength: 2,
    maxLength: 50,
  },
);

describe("ids", () => {
  test("are the same each time where their random part is", () => {
    const idsOf = (): readonly string[] => {
      const source = new IdSource(clockOf([1_700_000_000_000]), (bytes) => bytes.fill(7));
      return [source.messageId(), source.deliveryId()];
    };
    expect(idsOf()).toEqual(["msg_01hf7yat007777777777777777", "dlv_01hf7yat007777777777777778"]);
    expect(idsOf()).toEqual(idsOf());
  });

  test("rise strictly, whatever the clock does", () => {
    fc.assert(
      fc.property(moments, (times) => {
        const source = new IdSource(clockOf(times));
        const ids = times.map((): string => source.messageId());
        expect(ids.toSorted()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  test("rise through ten thousand of one millisecond", () => {
    const source = new IdSource(clockOf([1_700_000_000_000]));
    let last = "";
    for (let count = 0; count < 10_000; count += 1) {
      const id = source.deliveryId();
      expect(id > last).toBe(true);
      last = id;
    }
  });

  test("tell when they were made, as long as the clock does not step back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: latest }), (time) => {
        const source = new IdSource(clockOf([time]));
        expect(timeOfId(source.messageId())).toBe(time);
        expect(timeOfId(source.deliveryId())).toBe(time);
      }),
    );
  });

  test("keep the latest time when the clock steps back", () => {
    const source = new IdSource(clockOf([5_000, 1_000]));
    expect([timeOfId(source.messageId()), timeOfId(source.messageId())]).toEqual([5_000, 5_000]);
  });

  test("have no dot, which parts id and time in what is signed, and say their kind", () => {
    const source = new IdSource(clockOf([1]));
    expect(source.messageId()).toMatch(/^msg_[0-9a-z]{26}$/);
    expect(source.deliveryId()).toMatch(/^dlv_[0-9a-z]{26}$/);
  });

  test("of two sources at one moment differ", () => {
    const ids = Array.from({ length: 200 }, () => new IdSource(clockOf([1_700_000_000_000])).messageId());
    expect(new Set(ids).size).toBe(200);
  });

  test("lie on the right side of a bound", () => {
    fc.assert(
      fc.property(moment, moment, (made, bound) => {
        const id = new IdSource(clockOf([made])).messageId();
        expect(id >= idBound("msg", bound)).toBe(made >= bound);
      }),
    );
  });

  test("a bound before all time is the least", () => {
    expect(idBound("dlv", -5)).toBe(idBound("dlv", 0));
    expect(idBound("dlv", 7.9)).toBe(idBound("dlv", 7));
  });
});

test.each([
  "",
  "msg_",
  "msg_01",
  "MSG_01hzzzzzzzzzzzzzzzzzzzzzzz",
  "evt_01hzzzzzzzzzzzzzzzzzzzzzzz",
  "msg_01hzzzzzzzzzzzzzzzzzzzzzzi",
])("%j is no id, so it has no time", (text) => {
  expect(timeOfId(text)).toBeUndefined();
});
