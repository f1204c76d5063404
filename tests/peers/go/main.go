// Somebody else's ledger, talking to ours: golang.org/x/mod/sumdb/note and github.com/transparency-dev/merkle.
// Cases are JSON lines, each with the verdict that is due ("good").
//
//	ledgerpeer check                reads cases of our program's making and fails at the first that is judged otherwise
//	ledgerpeer make SEED            writes cases for our program to judge
//	ledgerpeer proof VKEY < FILE    verifies a tlog-proof and prints the public part that it shows
//	ledgerpeer head VKEY < FILE     verifies a checkpoint and prints its size
//	ledgerpeer tiles URL TOKEN VKEY makes and checks proofs out of a served log's tiles (x/mod/sumdb/tlog)
//
// See tests/peers/ledger_peer.c for the other side.
package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strconv"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/note"
)

type testCase struct {
	Kind  string   `json:"kind"`
	Good  bool     `json:"good"`
	A     uint64   `json:"a"`
	B     uint64   `json:"b"`
	X     []byte   `json:"x,omitempty"`
	Y     []byte   `json:"y,omitempty"`
	Proof [][]byte `json:"proof,omitempty"`
	Note  string   `json:"note,omitempty"`
	VKey  string   `json:"vkey,omitempty"`
}

var hasher = rfc6962.DefaultHasher

func verdict(c *testCase) error {
	switch c.Kind {
	case "inclusion":
		return proof.VerifyInclusion(hasher, c.A, c.B, c.X, c.Proof, c.Y)
	case "consistency":
		return proof.VerifyConsistency(hasher, c.A, c.B, c.Proof, c.X, c.Y)
	case "checkpoint", "cosignature":
		_, err := openHead([]byte(c.Note), c.VKey)
		return err
	}
	return fmt.Errorf("no such kind: %s", c.Kind)
}

func check() error {
	counts := map[string]int{}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var c testCase
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			return err
		}
		if err := verdict(&c); (err == nil) != c.Good {
			return fmt.Errorf("judged otherwise (%v): %s", err, in.Text())
		}
		counts[fmt.Sprintf("%s %v", c.Kind, c.Good)]++
	}
	json.NewEncoder(os.Stdout).Encode(counts)
	return in.Err()
}

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// spoil changes one thing, so that it must not hold.
func spoil(c testCase, r *rand.Rand) testCase {
	c.Good = false
	c.Proof = append([][]byte(nil), c.Proof...)
	flip := func(b []byte) []byte {
		b = append([]byte(nil), b...)
		b[r.Intn(len(b))] ^= 1 << r.Intn(8)
		return b
	}
	n, kinds := len(c.Proof), 5
	if n == 0 {
		kinds = 3
	}
	switch r.Intn(kinds) {
	case 0:
		c.X = flip(c.X)
	case 1:
		c.Y = flip(c.Y)
	case 2:
		c.Proof = append(c.Proof, c.Y)
	case 3:
		c.Proof[r.Intn(n)] = flip(c.Proof[r.Intn(n)])
	case 4:
		c.Proof = c.Proof[:n-1]
	}
	return c
}

// emit writes a case, and the same spoilt.
func emit(out *json.Encoder, c testCase, r *rand.Rand) {
	c.Good = true
	must(out.Encode(c))
	must(out.Encode(spoil(c, r)))
}

func emitTree(out *json.Encoder, t *testonly.Tree, a, b uint64, r *rand.Rand) {
	path, err := t.InclusionProof(a, b)
	must(err)
	emit(out, testCase{Kind: "inclusion", A: a, B: b, X: t.LeafHash(a), Y: t.HashAt(b), Proof: path}, r)
	path, err = t.ConsistencyProof(a+1, b)
	must(err)
	emit(out, testCase{Kind: "consistency", A: a + 1, B: b, X: t.HashAt(a + 1), Y: t.HashAt(b), Proof: path}, r)
}

func emitNotes(out *json.Encoder, t *testonly.Tree, size uint64, r *rand.Rand) {
	text := fmt.Sprintf("go.example/log\n%d\n%s\n", size, base64Of(t.HashAt(size)))
	skey, vkey, err := note.GenerateKey(r, "go.example/log")
	must(err)
	signer, err := note.NewSigner(skey)
	must(err)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	must(err)
	_, private, err := ed25519.GenerateKey(r)
	must(err)
	cosignature, ckey := cosign("go.example/witness", text, private)
	for _, c := range []testCase{
		{Kind: "checkpoint", Note: string(signed), VKey: vkey},
		{Kind: "cosignature", Note: cosignature, VKey: ckey},
	} {
		c.Good = true
		must(out.Encode(c))
		c.Good, c.Note = false, "x"+c.Note
		must(out.Encode(c))
	}
}

func makeCases(seed int64) {
	const small, large = 40, 5000
	r := rand.New(rand.NewSource(seed))
	w := bufio.NewWriter(os.Stdout)
	defer w.Flush()
	out := json.NewEncoder(w)
	t := testonly.New(hasher)
	for i := uint64(0); i < large; i++ {
		leaf := make([]byte, 8)
		binary.BigEndian.PutUint64(leaf, i)
		t.AppendData(leaf)
	}
	for b := uint64(1); b <= small; b++ {
		for a := uint64(0); a < b; a++ {
			emitTree(out, t, a, b, r)
		}
	}
	for i := 0; i < 300; i++ {
		b := 1 + uint64(r.Intn(large))
		emitTree(out, t, uint64(r.Int63n(int64(b))), b, r)
	}
	for i := 0; i < 5; i++ {
		emitNotes(out, t, 1+uint64(r.Intn(large)), r)
	}
}

func run(words []string) error {
	if len(words) == 1 && words[0] == "check" {
		return check()
	}
	if len(words) == 4 && words[0] == "tiles" {
		found, err := checkTiles(words[1], words[2], words[3])
		if err == nil {
			fmt.Println(found)
		}
		return err
	}
	if len(words) != 2 {
		return fmt.Errorf("check | make SEED | proof VKEY | head VKEY")
	}
	if words[0] == "make" {
		seed, err := strconv.ParseInt(words[1], 10, 64)
		if err == nil {
			makeCases(seed)
		}
		return err
	}
	file, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	if words[0] == "head" {
		h, err := openHead(file, words[1])
		if err == nil {
			fmt.Printf("{\"origin\":%q,\"size\":%d,\"root\":%q}\n", h.origin, h.size, base64Of(h.root))
		}
		return err
	}
	shown, err := checkProof(string(file), words[1])
	if err == nil {
		fmt.Printf("%s\n", shown)
	}
	return err
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ledgerpeer:", err)
		os.Exit(1)
	}
}
