// Random numbers that come out the same in Python (cnnlab.apps.spread): each is a hash (mulberry32) of its place.

// The place-th (from 1) number of a seed, between 0 and 1.
export function uniform(seed, place) {
  const at = (seed + Math.imul(place, 0x6d2b79f5)) | 0;
  let mixed = Math.imul(at ^ (at >>> 15), at | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4294967296;
}

// `count` numbers from the standard normal distribution (Box and Muller).
export function normals(seed, count) {
  return Float64Array.from({ length: count }, (_, i) => Math.sqrt(-2 * Math.log(uniform(seed, 2 * i + 1))) * Math.cos(2 * Math.PI * uniform(seed, 2 * i + 2)));
}
