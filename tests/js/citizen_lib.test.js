import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { tidied } from "../../static/js/citizen/screens/receipt.js";
import { typeset } from "../../static/js/lib/dom.js";
import { deviceToken, newId, openStore } from "../../static/js/lib/store.js";
import { _, day, distance, ngettext, number, tongueOf, useWords } from "../../static/js/lib/words.js";

describe("words", () => {
  afterEach(() => useWords({}, "en"));

  test("a message is translated and filled; an unknown one stays English", () => {
    useWords({ "Nearest: %(near)s": "Nejblíž: %(near)s" }, "cs");
    assert.equal(_("Nearest: %(near)s", { near: "Lipová" }), "Nejblíž: Lipová");
    assert.equal(_("Nothing %(x)s", { x: 1 }), "Nothing 1");
  });

  test("Czech has three forms for numbers", () => {
    useWords({ "%(n)s pin": ["%(n)s značka", "%(n)s značky", "%(n)s značek"] }, "cs");
    assert.deepEqual(
      [1, 3, 5, 0].map((n) => ngettext("%(n)s pin", "%(n)s pins", n)),
      ["1 značka", "3 značky", "5 značek", "0 značek"],
    );
  });

  test("without a translation English has two", () => {
    useWords({ "%(n)s pin": ["", ""] }, "en");
    assert.equal(ngettext("%(n)s pin", "%(n)s pins", 1), "1 pin");
    assert.equal(ngettext("%(n)s pin", "%(n)s pins", 2), "2 pins");
  });

  test("numbers and distances are written as the reader writes them", () => {
    useWords({}, "cs");
    assert.equal(number(1234.5, 1), "1\u00a0234,5");
    assert.equal(distance(17), "17 m");
    assert.equal(distance(123), "120 m");
    assert.equal(distance(1234), "1,2 km");
  });
});

describe("what a device remembers", () => {
  const broken = {
    getItem: () => {
      throw new Error("refused");
    },
    setItem: () => {
      throw new Error("refused");
    },
    removeItem: () => {
      throw new Error("refused");
    },
  };
  const plain = () => {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => kept.set(key, value),
      removeItem: (key) => kept.delete(key),
    };
  };

  test("values stay apart by map", () => {
    const storage = plain();
    openStore("vzorov", storage).set("token", "a");
    assert.equal(openStore("vzorov", storage).get("token"), "a");
    assert.equal(openStore("ostrava", storage).get("token"), null);
  });

  test("where the browser refuses to store, the page works and knows it", () => {
    for (const storage of [broken, null]) {
      const store = openStore("vzorov", storage);
      assert.equal(store.lasting, false);
      store.set("token", "a");
      assert.equal(store.get("token"), "a");
      store.remove("token");
      assert.equal(store.get("token"), null);
    }
  });

  test("a device token has 256 random bits and stays the same", () => {
    const store = openStore("vzorov", plain());
    const token = deviceToken(store);
    assert.match(token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(deviceToken(store), token);
  });

  test("ids are random UUIDs also without a secure context", () => {
    const random = { getRandomValues: (bytes) => crypto.getRandomValues(bytes) };
    assert.match(newId(random), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

test("one-letter prepositions do not end a line, in languages that have them", () => {
  useWords({}, "cs");
  assert.equal(typeset("u školy a v parku"), "u\u00a0školy a\u00a0v\u00a0parku");
  useWords({}, "uk");
  assert.equal(typeset("місця в місті і в парку"), "місця в\u00a0місті і\u00a0в\u00a0парку");
  useWords({}, "pl");
  assert.equal(typeset("w parku i z psem"), "w\u00a0parku i\u00a0z\u00a0psem");
  useWords({}, "de");
  assert.equal(typeset("a o b"), "a o b");
  useWords({}, "en");
});

test("a text of the map that the town has not translated says its language, also when it was typeset", () => {
  useWords({}, "de", { "Jak je v parku?": "cs", "One way": "en" });
  assert.equal(tongueOf("Jak je v parku?"), "cs");
  assert.equal(tongueOf(typeset("Jak je v parku?")), "cs");
  assert.equal(typeset("Jak je v parku?"), "Jak je v\u00a0parku?");
  assert.equal(tongueOf("Wie ist der Park?"), undefined);
  useWords({}, "en");
  assert.equal(tongueOf("Jak je v parku?"), undefined);
});

test("a Ukrainian day ends without the sign for a year", () => {
  useWords({}, "uk");
  assert.equal(day("2026-09-14T10:00:00Z"), "14 вересня 2026");
  useWords({}, "en");
});

test("a receipt may be typed in any way", () => {
  assert.equal(tidied(" abcd efgh-jkmn "), "ABCD-EFGH-JKMN");
  assert.equal(tidied("–"), "");
});
