// Checkpoints and cosignatures of our program's making, read by github.com/transparency-dev/formats. Standard input: the
// JSON lines of tests/peers/ledger_peer.c; other kinds are passed over.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
)

type testCase struct {
	Kind string `json:"kind"`
	Good bool   `json:"good"`
	Note string `json:"note"`
	VKey string `json:"vkey"`
}

func verdict(c *testCase) error {
	origin, _, _ := strings.Cut(c.Note, "\n")
	if c.Kind == "checkpoint" {
		v, err := note.NewVerifier(c.VKey)
		if err == nil {
			_, _, _, err = log.ParseCheckpoint([]byte(c.Note), origin, v)
		}
		return err
	}
	v, err := fnote.NewVerifierForCosignatureV1(c.VKey)
	if err == nil {
		_, err = note.Open([]byte(c.Note), note.VerifierList(v))
	}
	return err
}

func run() error {
	counts := map[string]int{}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var c testCase
		if err := json.Unmarshal(in.Bytes(), &c); err != nil {
			return err
		}
		if c.Kind != "checkpoint" && c.Kind != "cosignature" {
			continue
		}
		if err := verdict(&c); (err == nil) != c.Good {
			return fmt.Errorf("judged otherwise (%v): %s", err, in.Text())
		}
		counts[fmt.Sprintf("%s %v", c.Kind, c.Good)]++
	}
	json.NewEncoder(os.Stdout).Encode(counts)
	return in.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ledgerformats:", err)
		os.Exit(1)
	}
}
