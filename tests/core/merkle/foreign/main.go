// Verifies a log of ours with Go's x/mod/sumdb: note, proofs, and tiles read through its own TileHashReader.
// Usage: foreign DIR, which holds vkey, old (an earlier checkpoint), the log as it is served, and cosigner where there is one.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var dir = os.Args[1]

func must(err error) {
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func read(name string) []byte {
	raw, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	must(err)
	return raw
}

// A witness of C2SP tlog-cosignature (kind 4), which x/mod does not know by itself.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(c.key, []byte(message), signature[8:])
}

func newCosigner(vkey string) cosigner {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	key, err := base64.StdEncoding.DecodeString(parts[2])
	must(err)
	sum := sha256.Sum256(bytes.Join([][]byte{[]byte(parts[0]), key}, []byte("\n")))
	if key[0] != 4 || fmt.Sprintf("%x", sum[:4]) != parts[1] {
		must(fmt.Errorf("it is no witness's key"))
	}
	return cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), key[1:]}
}

func open(name string, cosigned bool) tlog.Tree {
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read("vkey"))))
	must(err)
	known := []note.Verifier{verifier}
	if cosigned {
		known = append(known, newCosigner(string(read("cosigner"))))
	}
	opened, err := note.Open(read(name), note.VerifierList(known...))
	must(err)
	if len(opened.Sigs) != len(known) {
		must(fmt.Errorf("%d signatures hold, not %d", len(opened.Sigs), len(known)))
	}
	lines := strings.Split(opened.Text, "\n")
	var size int64
	_, err = fmt.Sscanf(lines[1], "%d", &size)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	return tlog.Tree{N: size, Hash: root}
}

type tiles struct{}

func (tiles) Height() int { return 8 }

// Ours is C2SP's path: without Go's height, entries in place of data.
func (tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		found = append(found, read(path))
	}
	return found, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func entries(size int64) [][]byte {
	var found [][]byte
	for start := int64(0); start < size; start += 256 {
		width := size - start
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: start / 256, W: int(width)}
		raw := read(strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1))
		for len(raw) > 0 {
			length := int(binary.BigEndian.Uint16(raw))
			found = append(found, raw[2:2+length])
			raw = raw[2+length:]
		}
	}
	return found
}

func main() {
	_, missing := os.Stat(filepath.Join(dir, "cosigner"))
	tree, old := open("checkpoint", missing == nil), open("old", false)
	reader := tlog.TileHashReader(tree, tiles{})
	logged := entries(tree.N)
	for index, entry := range logged {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		must(err)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)))
		forged := tlog.RecordHash(append([]byte("forged"), entry...))
		if tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), forged) == nil {
			fmt.Println("ACCEPTED a forged leaf")
			os.Exit(1)
		}
	}
	proof, err := tlog.ProveTree(tree.N, old.N, reader)
	must(err)
	must(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))
	fmt.Printf("verified %d of %d leaves, consistent with %d\n", len(logged), tree.N, old.N)
}
