/**
 * The sum that a server under a flood asks of a device (ALTCHA, version 2, SHA-256 once): which number, behind the
 * challenge's own bytes, gives a hash that begins as it is to begin. In plain arithmetic: crypto.subtle is there on
 * https only, and asking it for each small hash takes longer than making it.
 *
 * This file runs in pages, in workers and in the service worker: no document, no window.
 */

const ROUNDS = constants(64, 1 / 3);
const START = constants(8, 1 / 2);

/** The first 32 bits behind the point of the roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3). */
function constants(n, power) {
  const found = [];
  for (let number = 2; found.length < n; number += 1) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= number; divisor += 1) isPrime &&= number % divisor !== 0;
    if (isPrime) found.push(((number ** power % 1) * 2 ** 32) | 0);
  }
  return Int32Array.from(found);
}

const schedule = new Int32Array(64);

/** The hash of one block of 16 words, as 8 words. */
function hashOfBlock(block, out) {
  const w = schedule;
  for (let i = 0; i < 16; i += 1) w[i] = block[i];
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = START;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  out[0] = (START[0] + a) | 0;
  out[1] = (START[1] + b) | 0;
  out[2] = (START[2] + c) | 0;
  out[3] = (START[3] + d) | 0;
  out[4] = (START[4] + e) | 0;
  out[5] = (START[5] + f) | 0;
  out[6] = (START[6] + g) | 0;
  out[7] = (START[7] + h) | 0;
}

const words = (hex) => Int32Array.from(hex.match(/.{8}/g) ?? [], (part) => Number.parseInt(part, 16) | 0);
const hex = (found) => Array.from(found, (word) => (word >>> 0).toString(16).padStart(8, "0")).join("");

/** A search for the number of a challenge's parameters: `next(n)` tries so many more, and gives the solution or null. */
export function openSearch({ algorithm, cost, salt, nonce, keyPrefix, keyLength }) {
  const isKnown = algorithm === "SHA-256" && cost === 1 && keyLength === 32;
  const hasSizes = salt?.length === 32 && nonce?.length === 32 && keyPrefix?.length >= 8 && keyPrefix.length % 8 === 0;
  if (!isKnown || !hasSizes) throw new Error("a sum that this page does not know");
  const wanted = words(keyPrefix);
  const block = new Int32Array(16);
  block.set(words(salt), 0);
  block.set(words(nonce), 4);
  block[9] = 0x80000000 | 0;
  block[15] = 36 * 8;
  const out = new Int32Array(8);
  let counter = 0;
  return {
    next(n) {
      for (const end = Math.min(counter + n, 0xffffffff); counter < end; counter += 1) {
        block[8] = counter | 0;
        hashOfBlock(block, out);
        if (out[0] === wanted[0] && wanted.every((word, i) => word === out[i])) {
          return { counter, derivedKey: hex(out) };
        }
      }
      return null;
    },
  };
}

/** A challenge with its solution, as it goes into the header of a request. */
export const proofOf = (challenge, solution) => btoa(JSON.stringify({ challenge, solution }));
