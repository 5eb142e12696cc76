import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { afterEach, describe, test } from "node:test";
import { openSearch } from "../../static/js/citizen/challenge/sum.js";
import { prove } from "../../static/js/citizen/challenge/prove.js";
import { ApiProblem, proveWith, request } from "../../static/js/lib/api.js";

const hashOf = (salt, nonce, counter) => {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(counter);
  return createHash("sha256").update(Buffer.concat([salt, nonce, number])).digest("hex");
};

function aChallenge(counter = 777) {
  const [salt, nonce] = [randomBytes(16), randomBytes(16)];
  const keyPrefix = hashOf(salt, nonce, counter).slice(0, 32);
  const parameters = { algorithm: "SHA-256", cost: 1, keyLength: 32, keyPrefix, nonce: nonce.toString("hex"), salt: salt.toString("hex") };
  return { parameters, signature: "s" };
}

describe("the sum of a flood", () => {
  for (const counter of [0, 1, 255, 256, 65_535, 65_536, 99_999]) {
    test(`its number is found, ${counter}, with the hash that everybody makes`, () => {
      const { parameters } = aChallenge(counter);
      const solution = openSearch(parameters).next(100_000);
      const [salt, nonce] = [parameters.salt, parameters.nonce].map((text) => Buffer.from(text, "hex"));
      assert.deepEqual(solution, { counter, derivedKey: hashOf(salt, nonce, counter) });
    });
  }

  test("what is not found yet is looked for further on", () => {
    const search = openSearch(aChallenge(1500).parameters);
    assert.equal(search.next(1000), null);
    assert.equal(search.next(1000).counter, 1500);
  });

  test("the proof carries the challenge as it came", async () => {
    const challenge = aChallenge(42);
    const proof = JSON.parse(atob(await prove(challenge)));
    assert.deepEqual(proof.challenge, challenge);
    assert.equal(proof.solution.counter, 42);
  });

  for (const other of [{ algorithm: "ARGON2ID" }, { cost: 5 }, { salt: "" }, { keyPrefix: "00" }, { keyLength: 16 }]) {
    test(`a sum of another kind is not begun: ${JSON.stringify(other)}`, async () => {
      assert.equal(await prove({ parameters: { ...aChallenge().parameters, ...other } }), null);
    });
  }
});

describe("a request in a flood", () => {
  const realFetch = globalThis.fetch;
  afterEach(() => {
    globalThis.fetch = realFetch;
    proveWith(null);
  });

  /** A server that wants this proof, and gives as many sums as it is asked. */
  function aServer(wanted) {
    const server = { asked: 0 };
    globalThis.fetch = async (_url, { headers }) => {
      server.asked += 1;
      if (headers["Pocit-Proof"] === wanted) return new Response(JSON.stringify({ id: "a" }), { status: 201 });
      const body = { title: "Many messages", status: 429, challenge: { parameters: {}, number: server.asked } };
      return new Response(JSON.stringify(body), { status: 429, headers: { "Retry-After": "30" } });
    };
    return server;
  }

  test("brings the proof, and nobody notices", async () => {
    const server = aServer("proof");
    proveWith(async () => "proof");
    assert.deepEqual(await request("POST", "/api/collections/m/items", { body: {} }), { id: "a" });
    assert.equal(server.asked, 2);
  });

  test("brings a second one where the first came too late", async () => {
    const server = aServer("proof 2");
    proveWith(async ({ number }) => `proof ${number}`);
    await request("POST", "/x", { body: {} });
    assert.equal(server.asked, 3);
  });

  for (const give of [null, async () => null, async () => "wrong"]) {
    test("waits like any other where no proof helps", async () => {
      const server = aServer("right");
      proveWith(give);
      const problem = await request("POST", "/x", { body: {} }).catch((one) => one);
      assert.ok(problem instanceof ApiProblem && problem.passing);
      assert.equal(problem.retryAfter_s, 30);
      assert.ok(server.asked <= 3);
    });
  }
});
