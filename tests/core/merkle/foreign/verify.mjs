// Verifies inclusion proofs of ours with sigstore's verifier for Node. Usage: node verify.mjs MODULE < cases.json
import { createRequire } from 'node:module';
const require = createRequire(process.argv[2] + '/');
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle.js');
const cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const b = (text) => Buffer.from(text, 'base64');
let verified = 0;
for (const one of cases) {
  const entry = {
    canonicalizedBody: b(one.entry),
    inclusionProof: { logIndex: one.index, treeSize: one.size, rootHash: b(one.root), hashes: one.path.map(b), checkpoint: { envelope: one.checkpoint } },
  };
  const checkpoint = { logHash: b(one.root), logSize: BigInt(one.size) };
  verifyMerkleInclusion(entry, checkpoint);
  try { verifyMerkleInclusion({ ...entry, canonicalizedBody: Buffer.from('forged') }, checkpoint); console.log('ACCEPTED a forged leaf'); process.exit(1); } catch { verified += 1; }
}
console.log(`verified ${verified}`);
