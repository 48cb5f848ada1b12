// Verifies a log of ours with Go's x/mod/sumdb: note, proofs, and tiles read through its own TileHashReader.
// Usage: foreign DIR, which holds vkey, old (an earlier checkpoint), and the log as it is served.
package main

import (
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

func open(name string) tlog.Tree {
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read("vkey"))))
	must(err)
	opened, err := note.Open(read(name), note.VerifierList(verifier))
	must(err)
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
	tree, old := open("checkpoint"), open("old")
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
