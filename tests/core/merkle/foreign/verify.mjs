// Verifies inclusion proofs and checkpoints of ours with sigstore's verifier for Node. Usage: node verify.mjs MODULES < cases.json
import { createRequire } from 'node:module';
import { createPublicKey } from 'node:crypto';
const require = createRequire(process.argv[2] + '/');
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/tlog/merkle.js');
const { verifyCheckpoint } = require('@sigstore/verify/dist/tlog/checkpoint.js');
const cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const b = (text) => Buffer.from(text, 'base64');
let verified = 0;
for (const one of cases) {
  const entry = {
    canonicalizedBody: b(one.entry),
    inclusionProof: { logIndex: one.index, treeSize: one.size, rootHash: b(one.root), hashes: one.path.map(b), checkpoint: { envelope: one.checkpoint } },
  };
  const publicKey = createPublicKey({ key: b(one.key), format: 'der', type: 'spki' });
  try {
    const checkpoint = verifyCheckpoint(entry, [{ logID: b(one.key_id), baseURL: one.name, publicKey }]);
    verifyMerkleInclusion(entry, checkpoint);
    verified += 1;
  } catch (error) {
    console.log(`REFUSED: ${error.message}`);
    process.exit(1);
  }
}
console.log(`verified ${verified}`);
