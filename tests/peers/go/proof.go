package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// head is a checkpoint's three lines (c2sp.org/tlog-checkpoint).
type head struct {
	origin string
	size   uint64
	root   []byte
}

func parseHead(text string) (head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] == "" {
		return head{}, errors.New("fewer than three lines")
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return head{}, errors.New("no tree size")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != sha256.Size {
		return head{}, errors.New("no root hash")
	}
	return head{lines[0], size, root}, nil
}

// openHead verifies a checkpoint by a verifier key.
func openHead(signed []byte, vkey string) (head, error) {
	v, err := verifierOf(vkey)
	if err != nil {
		return head{}, err
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return head{}, err
	}
	return parseHead(n.Text)
}

// extra is what docs/FORMAT-proof.md says of the extra line.
type extra struct {
	Entry   json.RawMessage `json:"entry"`
	Private string          `json:"private"`
	Public  json.RawMessage `json:"public"`
	Salt1   string          `json:"salt1"`
}

func hashOf(parts ...[]byte) []byte {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return sum[:]
}

// commitmentHolds computes the entry's commitment from what is shown.
func commitmentHolds(x extra, index uint64) error {
	var entry struct {
		C string `json:"c"`
		N uint64 `json:"n"`
	}
	if err := json.Unmarshal(x.Entry, &entry); err != nil {
		return err
	}
	salt, err := hex.DecodeString(x.Salt1)
	if err != nil || len(salt) != 32 {
		return errors.New("no salt")
	}
	private, err := hex.DecodeString(x.Private)
	if err != nil || len(private) != sha256.Size {
		return errors.New("no private half")
	}
	c := hashOf([]byte{2}, hashOf([]byte{3}, salt, x.Public), private)
	if hex.EncodeToString(c) != entry.C || entry.N != index {
		return errors.New("the public part is not what the entry says")
	}
	return nil
}

// checkProof verifies a proof file by the log's key, from its text alone, and says what it shows.
func checkProof(file, vkey string) (json.RawMessage, error) {
	body, signed, found := strings.Cut(file, "\n\n")
	if !found {
		return nil, errors.New("no checkpoint")
	}
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 1<<20)
	next := func() string { lines.Scan(); return lines.Text() }
	if next() != "c2sp.org/tlog-proof@v1" {
		return nil, errors.New("not a tlog-proof")
	}
	text, found := cutPrefix(next(), "extra ")
	if !found {
		return nil, errors.New("no extra line")
	}
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	var x extra
	if err := json.Unmarshal(decoded, &x); err != nil {
		return nil, err
	}
	var index uint64
	if _, err := fmt.Sscanf(next(), "index %d", &index); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for lines.Scan() {
		h, err := base64.StdEncoding.DecodeString(lines.Text())
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	h, err := openHead([]byte(signed), vkey)
	if err != nil {
		return nil, err
	}
	if err := commitmentHolds(x, index); err != nil {
		return nil, err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(x.Entry)
	return x.Public, proof.VerifyInclusion(rfc6962.DefaultHasher, index, h.size, leaf, hashes, h.root)
}

// cutPrefix is strings.CutPrefix, which Go 1.19 does not have.
func cutPrefix(s, prefix string) (string, bool) {
	return strings.TrimPrefix(s, prefix), strings.HasPrefix(s, prefix)
}
